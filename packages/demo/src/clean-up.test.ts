import { expect, it } from "vitest";
import { createCleanUp } from "./clean-up.ts";

it("undoes in the opposite order, goes on after a failure, and does nothing twice", async () => {
  const undone: string[] = [];
  const failure = new Error("stuck");
  const cleanUp = createCleanUp();
  cleanUp.add(() => void undone.push("first"));
  cleanUp.add(() => Promise.reject(failure));
  cleanUp.add(async () => void undone.push("last"));
  expect(await cleanUp.run()).toEqual([failure]);
  expect(undone).toEqual(["last", "first"]);
  cleanUp.add(() => void undone.push("late"));
  expect(await cleanUp.run()).toEqual([]);
  expect(undone).toEqual(["last", "first", "late"]);
});
