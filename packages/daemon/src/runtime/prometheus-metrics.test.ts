import { type MetricName, metrics } from "@podwire/core";
import { describe, expect, test } from "vitest";
import { createPrometheusMetrics } from "./prometheus-metrics.ts";

const names = Object.keys(metrics) as MetricName[];

describe.each(names)("%s", (name) => {
  const { type, labels, help } = metrics[name];
  const values = Object.fromEntries(labels.map((label) => [label, "x"]));
  const shown = labels.map((label) => `${label}="x"`).join(",");

  test(`is exposed as a ${type} with its labels`, async () => {
    const prometheus = createPrometheusMetrics();
    if (type === "counter") prometheus.count(name, values, 3);
    if (type === "gauge") prometheus.set(name, values, 3);
    if (type === "histogram") prometheus.observe(name, values, 3);
    const text = await prometheus.expose();
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    const series = type === "histogram" ? `${name}_sum` : name;
    expect(text).toContain(`${series}${shown === "" ? "" : `{${shown}}`} 3\n`);
  });
});

test("a counter counts by one unless told otherwise", async () => {
  const prometheus = createPrometheusMetrics();
  prometheus.count("podwire_repairs_total", { object: "route" });
  prometheus.count("podwire_repairs_total", { object: "route" });
  expect(await prometheus.expose()).toContain('podwire_repairs_total{object="route"} 2\n');
});

test("labels that are not the table's never throw", () => {
  const prometheus = createPrometheusMetrics();
  expect(() => prometheus.count("podwire_repairs_total", { colour: "red" })).not.toThrow();
  expect(() => prometheus.count("podwire_repairs_total", { object: "x" }, -1)).not.toThrow();
});

test("two registries know nothing of each other", async () => {
  const [one, other] = [createPrometheusMetrics(), createPrometheusMetrics()];
  one.set("podwire_lost_blocks", {}, 5);
  expect(await other.expose()).not.toContain("podwire_lost_blocks 5");
});
