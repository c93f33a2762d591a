# The browser's script, by the same lock file as everywhere else.
FROM node:24-slim AS assets
WORKDIR /assets
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund --ignore-scripts

FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock
COPY alembic.ini ./
COPY connectors connectors
COPY portal portal
COPY jobs jobs
COPY templates templates
COPY static static
COPY --from=assets /assets/node_modules/htmx.org/dist/htmx.min.js static/vendor/htmx.min.js
RUN python -m compileall -q connectors portal jobs \
    && useradd --system --uid 10001 --no-create-home crossdock \
    && mkdir /data && chown crossdock /data
USER crossdock
ENV HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "-m", "jobs.standalone"]
