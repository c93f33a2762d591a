-- Everything a practice Rakuten has accepted. Times are seconds since 1970.

CREATE TABLE IF NOT EXISTS store (
    name TEXT PRIMARY KEY,
    service_secret TEXT NOT NULL UNIQUE,
    functions TEXT NOT NULL,
    item_limit INTEGER NOT NULL,
    created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS license_key (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    value TEXT NOT NULL,
    works_at REAL NOT NULL,
    ends_at REAL,
    UNIQUE (shop, value)
);
CREATE TABLE IF NOT EXISTS item (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    manage_number TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    searchable_at REAL NOT NULL,
    UNIQUE (shop, manage_number)
);
CREATE TABLE IF NOT EXISTS inventory (
    shop TEXT NOT NULL,
    manage_number TEXT NOT NULL,
    variant_id TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    optional TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    PRIMARY KEY (shop, manage_number, variant_id)
);
CREATE TABLE IF NOT EXISTS cabinet_folder (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    told_at REAL NOT NULL,
    UNIQUE (shop, path)
);
-- location is what an item names it by; the number 0 is the folder every shop has.
CREATE TABLE IF NOT EXISTS cabinet_image (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    folder_id INTEGER NOT NULL,
    location TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    seen_at REAL NOT NULL,
    UNIQUE (shop, location)
);

CREATE TABLE IF NOT EXISTS request (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    at REAL NOT NULL,
    operation TEXT NOT NULL,
    status INTEGER NOT NULL,
    outcome TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS request_shop ON request (shop, id);
CREATE TABLE IF NOT EXISTS ledger (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL,
    at REAL NOT NULL,
    operation TEXT NOT NULL,
    subject TEXT NOT NULL,
    "values" TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ledger_shop ON ledger (shop, id);
CREATE TRIGGER IF NOT EXISTS ledger_is_never_changed BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ledger_is_never_shortened BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- An order, called a sale because ORDER is a word of SQL. body is its OrderModel but for what stands in columns here.
CREATE TABLE IF NOT EXISTS sale (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    number TEXT NOT NULL,
    progress INTEGER NOT NULL,
    placed_at REAL NOT NULL,
    confirmed_at REAL,
    fixed_at REAL,
    reported_at REAL,
    body TEXT NOT NULL,
    UNIQUE (shop, number)
);
CREATE INDEX IF NOT EXISTS sale_placed ON sale (shop, placed_at);
-- A row of shipping in one of its baskets; told is how often a call added or changed it.
CREATE TABLE IF NOT EXISTS sale_shipping (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    sale_number TEXT NOT NULL,
    basket_id INTEGER NOT NULL,
    company TEXT NOT NULL,
    tracking TEXT NOT NULL,
    day TEXT NOT NULL,
    told INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS sale_shipping_sale ON sale_shipping (shop, sale_number);
-- Every cancellation asked for, with what came of it.
CREATE TABLE IF NOT EXISTS sale_cancel (
    id INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    sale_number TEXT NOT NULL,
    at REAL NOT NULL,
    who TEXT NOT NULL,
    restore INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    outcome TEXT NOT NULL
);
-- Stores from before there were orders had every function there was ticked on.
UPDATE store SET functions = '["item", "inventory", "license", "cabinet", "order"]'
WHERE functions = '["item", "inventory", "license", "cabinet"]';
