import type { DatabaseSync, SQLInputValue } from "node:sqlite";
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
  return {
    all: () => select.all().map((row) => table.fromRow(row as Row)),
    put: (entry) => void upsert.run(table.toRow(entry)),
    delete: (...key) => void remove.run(...key),
  };
}

function columnsOf<Entry>(database: DatabaseSync, table: Table<Entry>): string[] {
  const rows = database.prepare("SELECT name FROM pragma_table_info(?) ORDER BY cid").all(table.name);
  return rows.map((row) => String(row["name"]));
}
