CREATE TABLE IF NOT EXISTS seller (seller_id TEXT PRIMARY KEY, name TEXT NOT NULL, suspended INTEGER NOT NULL DEFAULT 0, live_after REAL, feed_seconds REAL, created_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS code (code TEXT PRIMARY KEY, seller_id TEXT NOT NULL, redirect_uri TEXT NOT NULL, expires_at REAL NOT NULL);
-- kind is access or refresh; a refresh token does not end by itself.
CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, kind TEXT NOT NULL, seller_id TEXT NOT NULL, expires_at REAL);
-- attributes are JSON as last accepted; issues are those that come after acceptance.
CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, marketplace TEXT NOT NULL, sku TEXT NOT NULL, product_type TEXT NOT NULL, requirements TEXT NOT NULL, attributes TEXT NOT NULL, parent TEXT NOT NULL DEFAULT '', asin TEXT NOT NULL DEFAULT '', issues TEXT NOT NULL DEFAULT '[]', live_at REAL NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL, UNIQUE (shop, marketplace, sku));
CREATE INDEX IF NOT EXISTS ix_item_parent ON item (shop, marketplace, parent);
-- The catalog of all sellers. What has no maker was there before any of them.
CREATE TABLE IF NOT EXISTS catalog (asin TEXT PRIMARY KEY, code TEXT NOT NULL, title TEXT NOT NULL, brand TEXT NOT NULL, product_type TEXT NOT NULL, maker TEXT NOT NULL DEFAULT '', approval INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS ix_catalog_code ON catalog (code);
CREATE TABLE IF NOT EXISTS document (id TEXT PRIMARY KEY, shop TEXT NOT NULL, content BLOB, content_type TEXT NOT NULL, packed INTEGER NOT NULL DEFAULT 0, created_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS feed (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, marketplace TEXT NOT NULL, document TEXT NOT NULL, result TEXT NOT NULL DEFAULT '', state TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL, ready_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS report (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, marketplace TEXT NOT NULL, kind TEXT NOT NULL, document TEXT NOT NULL DEFAULT '', state TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL, ready_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS ledger (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, at REAL NOT NULL, operation TEXT NOT NULL, item TEXT NOT NULL, details TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS request (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, at REAL NOT NULL, operation TEXT NOT NULL, status INTEGER NOT NULL, outcome TEXT NOT NULL);
-- state is Amazon's own word; document is JSON: the lines, the packages told, the buyer. cancels counts the wishes received.
CREATE TABLE IF NOT EXISTS sale (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, marketplace TEXT NOT NULL, order_id TEXT NOT NULL, state TEXT NOT NULL, document TEXT NOT NULL, cancels INTEGER NOT NULL DEFAULT 0, created_at REAL NOT NULL, updated_at REAL NOT NULL, UNIQUE (shop, order_id));
CREATE INDEX IF NOT EXISTS ix_sale_updated ON sale (shop, updated_at, id);
CREATE INDEX IF NOT EXISTS ix_sale_created ON sale (shop, created_at, id);
-- The feeds that are no feeds of listings.
CREATE TABLE IF NOT EXISTS feed_kind (feed INTEGER PRIMARY KEY, shop TEXT NOT NULL, kind TEXT NOT NULL);
