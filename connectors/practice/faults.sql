-- What a practice channel was asked to do wrong, and for how many calls more (NULL: until cleared).
CREATE TABLE IF NOT EXISTS fault (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, kind TEXT NOT NULL, left_over INTEGER, details TEXT NOT NULL);
