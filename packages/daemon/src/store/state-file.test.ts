import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { comparableState, emptyState, putsOf, sampleState } from "@podwire/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStateFile, type SetAside, type StateFile } from "./state-file.ts";

let directory: string;
let path: string;
let opened: StateFile[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "podwire-state-"));
  path = join(directory, "state.db");
  opened = [];
});

afterEach(() => {
  for (const file of opened) file.store.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(bootId = "boot-1"): StateFile {
  const file = openStateFile({ path, bootId });
  opened.push(file);
  return file;
}

function openFilled(): StateFile {
  const file = open();
  file.store.commit(putsOf(sampleState));
  return file;
}

describe("a file of the same boot", () => {
  test("is used on, and nothing is set aside", () => {
    openFilled().store.close();
    const { store, setAside } = open();
    expect(setAside).toBeUndefined();
    expect(comparableState(store.load())).toEqual(comparableState(sampleState));
  });

  test("is readable by its owner alone, whatever the umask and whatever it was before", () => {
    writeFileSync(path, "", { mode: 0o666 });
    chmodSync(path, 0o666);
    openFilled();
    const modes = ["", "-wal", "-shm"].map((suffix) => statSync(`${path}${suffix}`).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o600]);
  });
});

interface Unusable {
  readonly name: string;
  readonly why: SetAside["why"];
  readonly bootId?: string;
  readonly spoil: () => void;
}

const unusable: readonly Unusable[] = [
  { name: "is of another boot", why: "boot", bootId: "boot-2", spoil: () => {} },
  { name: "is of a newer podwired", why: "schema", spoil: () => inDatabase("PRAGMA user_version = 999") },
  { name: "is no database", why: "damaged", spoil: () => writeFileSync(path, "not a database, and long ".repeat(99)) },
  { name: "was overwritten in the middle", why: "damaged", spoil: () => overwriteMiddle() },
  { name: "lacks a table", why: "damaged", spoil: () => inDatabase("DROP TABLE tombstone") },
  {
    name: "holds a record that is no JSON",
    why: "damaged",
    spoil: () => inDatabase("UPDATE attachment SET spec = '{'"),
  },
  {
    name: "holds a block without an interface",
    why: "damaged",
    spoil: () => inDatabase("PRAGMA foreign_keys = OFF; DELETE FROM interface"),
  },
];

function inDatabase(sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function overwriteMiddle(): void {
  const bytes = readFileSync(path);
  bytes.fill(0xff, 4096);
  writeFileSync(path, bytes);
}

describe("a file that cannot be used", () => {
  for (const { name, why, bootId, spoil } of unusable) {
    test(`because it ${name} is set aside, and a fresh one begun`, () => {
      openFilled().store.close();
      spoil();
      const { store, setAside } = open(bootId);
      expect(setAside).toMatchObject({ why, path: `${path}.set-aside` });
      expect(comparableState(store.load())).toEqual(comparableState(emptyState));
      store.commit(putsOf(sampleState));
      store.close();
      expect(open(bootId).setAside).toBeUndefined();
    });
  }

  test("keeps what it held, in one place at most", () => {
    for (const [boot, next] of [
      ["boot-1", "boot-2"],
      ["boot-2", "boot-3"],
    ]) {
      const { store } = open(boot);
      store.commit([{ put: "meta", key: "node", value: JSON.stringify(boot) }]);
      open(next).store.close();
    }
    const aside = openStateFile({ path: `${path}.set-aside`, bootId: "boot-2" });
    opened.push(aside);
    expect(aside.setAside).toBeUndefined();
    expect(aside.store.load().meta.get("node")).toBe('"boot-2"');
  });
});

describe("a file that cannot be opened", () => {
  test("because a directory has its name is an error that names it", () => {
    mkdirSync(path);
    expect(() => open()).toThrow(
      expect.objectContaining({ code: "STORE_FAILED", message: expect.stringContaining(path) }),
    );
    expect(existsSync(path)).toBe(true);
  });

  test("because its directory is absent is an error that names it", () => {
    path = join(directory, "absent", "state.db");
    expect(() => open()).toThrow(
      expect.objectContaining({ code: "STORE_FAILED", message: expect.stringContaining(path) }),
    );
  });
});
