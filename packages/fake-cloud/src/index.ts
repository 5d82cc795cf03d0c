export { type FakeCloudOptions, type ListenPlace, parseOptions } from "./options.ts";
export { type ServedCloud, serveAws } from "./serve-aws.ts";
