export { type Address, type Family, familyOf, parseAddress } from "./address/address.ts";
