import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { crc32 } from "node:zlib";
import type { Row, Table } from "./tables.ts";

/** One table of an open database, its statements prepared. */
export interface TableAccess<Entry> {
  all(): Entry[];
  /** Inserts, or replaces the whole row with the same key. */
  put(entry: Entry): void;
  /** `key` in the order of the table's key columns. */
  delete(...key: readonly SQLInputValue[]): void;
}

export function accessTable<Entry>(database: DatabaseSync, table: Table<Entry>): TableAccess<Entry> {
  const columns = columnsOf(database, table);
  const select = database.prepare(`SELECT ${columns.join(", ")} FROM ${table.name}`);
  // An upsert, not INSERT OR REPLACE: that would delete the old row first and break the references to it.
  const upsert = database.prepare(
    `INSERT INTO ${table.name}(${columns.join(", ")}) VALUES(${columns.map((column) => `:${column}`).join(", ")})
     ON CONFLICT(${table.key.join(", ")}) DO UPDATE SET
     ${columns.map((column) => `${column} = excluded.${column}`).join(", ")}`,
  );
  const remove = database.prepare(
    `DELETE FROM ${table.name} WHERE ${table.key.map((column) => `${column} = ?`).join(" AND ")}`,
  );
  const checksumOf = (row: Row) =>
    checksumOver(columns.filter((column) => column !== checksum).map((name) => row[name]));
  return {
    all: () =>
      select.all().map((row) => {
        mustMatch(table.name, row[checksum], checksumOf(row as Row));
        return table.fromRow(row as Row);
      }),
    put(entry) {
      const row = table.toRow(entry);
      upsert.run({ ...row, [checksum]: checksumOf(row as Row) });
    },
    delete: (...key) => void remove.run(...key),
  };
}

const checksum = "checksum";

/** SQLite checks how its pages hang together, not what is in them. */
function checksumOver(values: readonly unknown[]): number {
  return crc32(JSON.stringify(values));
}

/** Rows from before there were checksums have none. @throws SyntaxError, like a row that does not parse */
function mustMatch(table: string, stored: unknown, expected: number): void {
  if (stored !== null && stored !== expected) throw new SyntaxError(`a row of ${table} is not what was written`);
}

function columnsOf<Entry>(database: DatabaseSync, table: Table<Entry>): string[] {
  const rows = database.prepare("SELECT name FROM pragma_table_info(?) ORDER BY cid").all(table.name);
  return rows.map((row) => String(row["name"]));
}
