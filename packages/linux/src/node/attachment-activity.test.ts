import { expect, test } from "vitest";
import { createAttachmentActivity } from "./attachment-activity.ts";

const key = { network: "pods", containerId: "c1", ifName: "eth0" };
const other = { ...key, containerId: "c2" };

function gate() {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

test("work on one attachment happens one after the other, on two side by side", async () => {
  const activity = createAttachmentActivity();
  const { open, passed } = gate();
  const order: string[] = [];
  const first = activity.during(key, async () => {
    await passed;
    order.push("first");
  });
  const second = activity.during(key, async () => void order.push("second"));
  await activity.during(other, async () => void order.push("other"));
  open();
  await Promise.all([first, second]);
  expect(order).toEqual(["other", "first", "second"]);
});

test("work that failed does not keep the next from its turn", async () => {
  const activity = createAttachmentActivity();
  const failing = activity.during(key, async () => {
    throw new Error("refused");
  });
  const next = activity.during(key, async () => "done");
  await expect(failing).rejects.toThrow("refused");
  expect(await next).toBe("done");
});

test("a watch knows what is in hand when it begins, what is taken in hand later, and keeps it", async () => {
  const activity = createAttachmentActivity();
  const { open, passed } = gate();
  await activity.during(other, async () => {});
  const running = activity.during(key, () => passed);
  const watch = activity.watch();
  expect([...watch.busy]).toEqual(["pods/c1/eth0"]);
  await activity.during(other, async () => {});
  open();
  await running;
  expect([...watch.busy]).toEqual(["pods/c1/eth0", "pods/c2/eth0"]);
  watch.end();
  expect([...activity.watch().busy]).toEqual([]);
});

test("a DEL that comes while converge works on the attachment waits, one that came before wins", async () => {
  const activity = createAttachmentActivity();
  const watch = activity.watch();
  const { open, passed } = gate();
  const begun = gate();
  const order: string[] = [];
  const mending = watch.unlessBusy(key, async () => {
    begun.open();
    await passed;
    order.push("mended");
  });
  await begun.passed;
  const deleting = activity.during(key, async () => void order.push("deleted"));
  const late = watch.unlessBusy(key, async () => void order.push("mended again"));
  open();
  await Promise.all([mending, deleting, late]);
  expect(order).toEqual(["mended", "deleted"]);
});
