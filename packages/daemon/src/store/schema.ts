import type { DatabaseSync } from "node:sqlite";

/**
 * Schema changes in order; `PRAGMA user_version` counts those a file has seen. Published ones are never edited.
 *
 * What a StateStore must refuse is refused here. References are deferred: only the state after the last change of a
 * commit has to hold together. Times are REAL because a clock may count fractions of a millisecond.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE meta(
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL CHECK(octet_length(value) <= 1048576)
  ) STRICT;
  CREATE TABLE interface(
    id TEXT PRIMARY KEY,
    pool TEXT NOT NULL,
    mac TEXT NOT NULL UNIQUE,
    ordinal INTEGER NOT NULL UNIQUE CHECK(ordinal BETWEEN 1 AND 126),
    role TEXT NOT NULL CHECK(role IN ('primary', 'secondary')),
    owner TEXT NOT NULL CHECK(owner IN ('ours', 'foreign')),
    subnet_id TEXT NOT NULL,
    primary_addresses TEXT NOT NULL,
    gateways TEXT NOT NULL
  ) STRICT;
  CREATE TABLE block(
    cidr TEXT PRIMARY KEY,
    interface_id TEXT NOT NULL REFERENCES interface DEFERRABLE INITIALLY DEFERRED,
    state TEXT NOT NULL CHECK(state IN ('assigning', 'ready', 'releasing', 'lost')),
    since_ms REAL NOT NULL
  ) STRICT;
  CREATE INDEX block_by_interface ON block(interface_id);
  CREATE TABLE attachment(
    network TEXT NOT NULL,
    container_id TEXT NOT NULL,
    if_name TEXT NOT NULL,
    state TEXT NOT NULL CHECK(state IN ('allocating', 'ready', 'deleting')),
    created_ms REAL NOT NULL,
    pod TEXT NOT NULL,
    spec TEXT NOT NULL,
    facts TEXT,
    result TEXT,
    PRIMARY KEY(network, container_id, if_name)
  ) STRICT;
  CREATE TABLE address(
    address TEXT PRIMARY KEY,
    block TEXT NOT NULL REFERENCES block DEFERRABLE INITIALLY DEFERRED,
    state TEXT NOT NULL CHECK(state IN ('free', 'allocated', 'cooling', 'excluded')),
    network TEXT,
    container_id TEXT,
    if_name TEXT,
    freed_ms REAL,
    FOREIGN KEY(network, container_id, if_name) REFERENCES attachment DEFERRABLE INITIALLY DEFERRED,
    CHECK((state = 'allocated') = (network IS NOT NULL)),
    CHECK((network IS NULL) = (container_id IS NULL) AND (network IS NULL) = (if_name IS NULL))
  ) STRICT;
  CREATE INDEX address_by_block ON address(block);
  CREATE INDEX address_by_attachment ON address(network, container_id, if_name);
  CREATE TABLE operation(
    token TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK(kind IN ('assign', 'unassign', 'create-interface', 'delete-interface')),
    pool TEXT NOT NULL,
    interface_id TEXT,
    request TEXT NOT NULL,
    state TEXT NOT NULL CHECK(state IN ('sent', 'unknown')),
    started_ms REAL NOT NULL,
    ended_ms REAL
  ) STRICT;
  CREATE TABLE tombstone(
    interface_id TEXT NOT NULL,
    cidr TEXT NOT NULL,
    released_ms REAL NOT NULL,
    PRIMARY KEY(interface_id, cidr)
  ) STRICT;
  `,
  `
  ALTER TABLE meta ADD COLUMN checksum INTEGER;
  ALTER TABLE interface ADD COLUMN checksum INTEGER;
  ALTER TABLE block ADD COLUMN checksum INTEGER;
  ALTER TABLE attachment ADD COLUMN checksum INTEGER;
  ALTER TABLE address ADD COLUMN checksum INTEGER;
  ALTER TABLE operation ADD COLUMN checksum INTEGER;
  ALTER TABLE tombstone ADD COLUMN checksum INTEGER;
  `,
];

/** How many schema changes the file has seen; 0 for a fresh one. */
export function schemaVersion(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
}

/** Newest version this program knows. */
export const newestSchemaVersion = migrations.length;

/** Brings the file to the newest version, each step whole or not at all. */
export function migrate(database: DatabaseSync): void {
  for (let version = schemaVersion(database); version < newestSchemaVersion; version++) {
    database.exec(`BEGIN IMMEDIATE; ${migrations[version]}; PRAGMA user_version = ${version + 1}; COMMIT`);
  }
}
