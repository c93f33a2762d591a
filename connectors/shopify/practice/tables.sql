-- Everything a practice Shopify has accepted. Times are seconds since 1970.

CREATE TABLE IF NOT EXISTS sequence (kind TEXT PRIMARY KEY, last INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS shop (
    domain TEXT PRIMARY KEY,
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',
    own INTEGER NOT NULL DEFAULT 0,
    installed INTEGER NOT NULL DEFAULT 0,
    scopes TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS location (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, name TEXT NOT NULL, active INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS publication (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, title TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS code (code TEXT PRIMARY KEY, shop TEXT NOT NULL, scopes TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS access_token (token TEXT PRIMARY KEY, shop TEXT NOT NULL, expires_at REAL, created_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS refresh_token (
    token TEXT PRIMARY KEY,
    shop TEXT NOT NULL,
    family TEXT NOT NULL,
    generation INTEGER NOT NULL,
    expires_at REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS product (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    title TEXT NOT NULL,
    handle TEXT NOT NULL,
    status TEXT NOT NULL,
    description_html TEXT NOT NULL,
    vendor TEXT NOT NULL,
    product_type TEXT NOT NULL,
    tags TEXT NOT NULL,
    category TEXT,
    seo_title TEXT,
    seo_description TEXT,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    searchable_at REAL NOT NULL,
    UNIQUE (shop, handle)
);
CREATE TABLE IF NOT EXISTS option (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL REFERENCES product ON DELETE CASCADE,
    name TEXT NOT NULL,
    position INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS option_product ON option (product_id);
CREATE TABLE IF NOT EXISTS option_value (
    id INTEGER PRIMARY KEY,
    option_id INTEGER NOT NULL REFERENCES option ON DELETE CASCADE,
    name TEXT NOT NULL,
    position INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS option_value_option ON option_value (option_id);
CREATE TABLE IF NOT EXISTS variant (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    product_id INTEGER NOT NULL REFERENCES product ON DELETE CASCADE,
    item_id INTEGER NOT NULL UNIQUE,
    position INTEGER NOT NULL,
    option_values TEXT NOT NULL,
    sku TEXT NOT NULL,
    barcode TEXT NOT NULL,
    price TEXT NOT NULL,
    compare_at_price TEXT,
    inventory_policy TEXT NOT NULL,
    taxable INTEGER NOT NULL,
    tracked INTEGER NOT NULL,
    requires_shipping INTEGER NOT NULL,
    cost TEXT,
    weight_value REAL,
    weight_unit TEXT,
    country_code TEXT,
    hs_code TEXT,
    file_id INTEGER,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    searchable_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS variant_product ON variant (product_id);
CREATE INDEX IF NOT EXISTS variant_sku ON variant (shop, sku COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS variant_barcode ON variant (shop, barcode COLLATE NOCASE);

CREATE TABLE IF NOT EXISTS level (
    item_id INTEGER NOT NULL REFERENCES variant (item_id) ON DELETE CASCADE,
    location_id INTEGER NOT NULL,
    available INTEGER NOT NULL,
    committed INTEGER NOT NULL DEFAULT 0,
    incoming INTEGER NOT NULL DEFAULT 0,
    reserved INTEGER NOT NULL DEFAULT 0,
    damaged INTEGER NOT NULL DEFAULT 0,
    safety_stock INTEGER NOT NULL DEFAULT 0,
    quality_control INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    PRIMARY KEY (item_id, location_id)
);
CREATE TABLE IF NOT EXISTS adjustment (id TEXT PRIMARY KEY, shop TEXT NOT NULL, body TEXT NOT NULL, at REAL NOT NULL);

-- An order is a "sale" here: ORDER is a word of SQL. Amounts are decimal text in the shop's own currency.
CREATE TABLE IF NOT EXISTS sale (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    financial_status TEXT NOT NULL,
    test INTEGER NOT NULL,
    gateways TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    note TEXT,
    tags TEXT NOT NULL,
    source_name TEXT,
    source_identifier TEXT,
    attributes TEXT NOT NULL,
    taxes_included INTEGER NOT NULL,
    tax_lines TEXT NOT NULL,
    shipping TEXT NOT NULL,
    discount TEXT NOT NULL,
    ship_to TEXT,
    bill_to TEXT,
    risk TEXT NOT NULL DEFAULT '',
    cancel_reason TEXT,
    cancels INTEGER NOT NULL DEFAULT 0,
    processed_at REAL NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    cancelled_at REAL,
    searchable_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS sale_updated ON sale (shop, updated_at);
CREATE TABLE IF NOT EXISTS sale_line (
    id INTEGER PRIMARY KEY,
    sale_id INTEGER NOT NULL REFERENCES sale ON DELETE CASCADE,
    position INTEGER NOT NULL,
    variant_id INTEGER,
    sku TEXT NOT NULL,
    title TEXT NOT NULL,
    variant_title TEXT,
    quantity INTEGER NOT NULL,
    price TEXT NOT NULL,
    discount TEXT NOT NULL,
    tax_lines TEXT NOT NULL,
    properties TEXT NOT NULL,
    requires_shipping INTEGER NOT NULL,
    committed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS sale_line_sale ON sale_line (sale_id);
-- Where the units of a line lie, or lay.
CREATE TABLE IF NOT EXISTS line_location (
    line_id INTEGER PRIMARY KEY REFERENCES sale_line ON DELETE CASCADE,
    location_id INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS fulfillment (
    id INTEGER PRIMARY KEY,
    sale_id INTEGER NOT NULL REFERENCES sale ON DELETE CASCADE,
    status TEXT NOT NULL,
    company TEXT,
    tracking TEXT,
    url TEXT,
    lines TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS fulfillment_sale ON fulfillment (sale_id);
CREATE TABLE IF NOT EXISTS refund (
    id INTEGER PRIMARY KEY,
    sale_id INTEGER NOT NULL REFERENCES sale ON DELETE CASCADE,
    lines TEXT NOT NULL,
    created_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS refund_sale ON refund (sale_id);
CREATE TABLE IF NOT EXISTS job (
    id TEXT PRIMARY KEY,
    shop TEXT NOT NULL,
    sale_id INTEGER NOT NULL,
    reason TEXT NOT NULL,
    restock INTEGER NOT NULL,
    due_at REAL NOT NULL,
    done INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS published (
    product_id INTEGER NOT NULL REFERENCES product ON DELETE CASCADE,
    publication_id INTEGER NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (product_id, publication_id)
);
CREATE TABLE IF NOT EXISTS file (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    product_id INTEGER REFERENCES product ON DELETE CASCADE,
    position INTEGER NOT NULL,
    source TEXT NOT NULL,
    filename TEXT NOT NULL,
    alt TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS file_product ON file (product_id);
CREATE TABLE IF NOT EXISTS metafield (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    owner TEXT NOT NULL,
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    type TEXT NOT NULL,
    value TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    UNIQUE (owner, namespace, key)
);
CREATE INDEX IF NOT EXISTS metafield_value ON metafield (shop, namespace, key, value);
CREATE TABLE IF NOT EXISTS operation (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    arguments TEXT NOT NULL,
    taken_at REAL NOT NULL,
    due_at REAL NOT NULL,
    product_id INTEGER,
    errors TEXT
);
CREATE INDEX IF NOT EXISTS operation_due ON operation (due_at) WHERE errors IS NULL;

CREATE TABLE IF NOT EXISTS idempotency (
    shop TEXT NOT NULL,
    key TEXT NOT NULL,
    operation TEXT NOT NULL,
    arguments TEXT NOT NULL,
    outcome TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (shop, key)
);

CREATE TABLE IF NOT EXISTS subscription (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    topic TEXT NOT NULL,
    uri TEXT NOT NULL,
    format TEXT NOT NULL,
    include_fields TEXT NOT NULL,
    name TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    subscription_id INTEGER,
    topic TEXT NOT NULL,
    uri TEXT NOT NULL,
    name TEXT,
    webhook_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    body BLOB NOT NULL,
    triggered_at REAL NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL,
    answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (state, next_at);

CREATE TABLE IF NOT EXISTS request (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    at REAL NOT NULL,
    operations TEXT NOT NULL,
    variables TEXT NOT NULL,
    status INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    cost INTEGER
);
CREATE INDEX IF NOT EXISTS request_shop ON request (shop, id);
CREATE TABLE IF NOT EXISTS ledger (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL,
    at REAL NOT NULL,
    operation TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    mark TEXT NOT NULL,
    ids TEXT NOT NULL,
    "values" TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ledger_shop ON ledger (shop, id);
CREATE TRIGGER IF NOT EXISTS ledger_is_never_changed BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ledger_is_never_shortened BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
