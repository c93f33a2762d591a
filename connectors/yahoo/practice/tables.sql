CREATE TABLE IF NOT EXISTS store (seller_id TEXT PRIMARY KEY, owner TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open', created_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS code (code TEXT PRIMARY KEY, owner TEXT NOT NULL, redirect_uri TEXT NOT NULL, nonce TEXT NOT NULL, expires_at REAL NOT NULL);
-- kind is access or refresh.
CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, kind TEXT NOT NULL, owner TEXT NOT NULL, expires_at REAL NOT NULL);
-- fields is the editing area, live what buyers see (NULL: never published). Both are JSON of editItem's parameters.
CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, item_code TEXT NOT NULL, fields TEXT NOT NULL, live TEXT, UNIQUE (shop, item_code));
-- A number may wait for an item that is not there yet, so it refers to none.
CREATE TABLE IF NOT EXISTS stock (shop TEXT NOT NULL, item_code TEXT NOT NULL, subcode TEXT NOT NULL, quantity INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (shop, item_code, subcode));
CREATE TABLE IF NOT EXISTS image (shop TEXT NOT NULL, url TEXT NOT NULL, PRIMARY KEY (shop, url));
-- What lies in the place of an item: edited and, after a publish, live. An item shows these where it names no address.
CREATE TABLE IF NOT EXISTS picture (shop TEXT NOT NULL, item_code TEXT NOT NULL, place INTEGER NOT NULL, url TEXT NOT NULL, sha256 TEXT NOT NULL, live TEXT, PRIMARY KEY (shop, item_code, place));
CREATE TABLE IF NOT EXISTS ledger (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, at REAL NOT NULL, operation TEXT NOT NULL, item TEXT NOT NULL, details TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS request (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, at REAL NOT NULL, operation TEXT NOT NULL, status INTEGER NOT NULL, outcome TEXT NOT NULL);
-- An order: fields as orderInfo tells them, lines one for each Item, all as text by name. Times are seconds.
CREATE TABLE IF NOT EXISTS sale (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, order_id TEXT NOT NULL, ordered_at REAL NOT NULL, changed_at REAL NOT NULL, fields TEXT NOT NULL, lines TEXT NOT NULL, UNIQUE (shop, order_id));
-- What a call said of an order: kind is shipped, completed or cancelled.
CREATE TABLE IF NOT EXISTS sale_told (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, order_id TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, details TEXT NOT NULL);
-- Keys of public-key authentication: the private half is Yahoo!'s, the public half the merchant's to hand on.
CREATE TABLE IF NOT EXISTS store_key (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, version TEXT NOT NULL, private_key TEXT NOT NULL, UNIQUE (shop, version));
