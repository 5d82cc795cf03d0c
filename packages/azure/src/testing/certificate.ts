import { generateKeyPairSync, sign } from "node:crypto";
import { addressBytes, tryParseAddress } from "@podwire/core";

export interface ServerCertificate {
  /** PEM. */
  readonly key: string;
  /** PEM. Signed by itself: whoever is to trust it gets it as an authority. */
  readonly certificate: string;
}

/** A certificate for one host, made on the spot: X.509 in DER, RFC 5280, as little as works. Node makes none. */
export function createCertificate(host: string): ServerCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const toBeSigned = sequence(
    tagged(0xa0, integer(2)),
    integer(1),
    ecdsaWithSha256,
    commonName,
    sequence(time("200101000000Z"), time("491231235959Z")),
    commonName,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(basicConstraints, alternativeName(host))),
  );
  const signature = sign("sha256", toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, ecdsaWithSha256, tagged(0x03, Buffer.concat([Buffer.of(0), signature])));
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certificate: pem(certificate),
  };
}

/** One element of DER: tag, length, content. */
function tagged(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function integer(value: number): Buffer {
  return tagged(0x02, Buffer.of(value));
}

function objectId(...bytes: readonly number[]): Buffer {
  return tagged(0x06, Buffer.of(...bytes));
}

function time(text: string): Buffer {
  return tagged(0x17, Buffer.from(text, "ascii"));
}

// 1.2.840.10045.4.3.2
const ecdsaWithSha256 = sequence(objectId(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));

// 2.5.4.3
const commonName = sequence(
  tagged(0x31, sequence(objectId(0x55, 0x04, 0x03), tagged(0x0c, Buffer.from("podwire fake Azure")))),
);

// 2.5.29.19: an authority, critical
const basicConstraints = sequence(
  objectId(0x55, 0x1d, 0x13),
  tagged(0x01, Buffer.of(0xff)),
  tagged(0x04, sequence(tagged(0x01, Buffer.of(0xff)))),
);

/** 2.5.29.17 */
function alternativeName(host: string): Buffer {
  const address = tryParseAddress(host);
  const name = address === undefined ? tagged(0x82, Buffer.from(host, "ascii")) : tagged(0x87, addressBytes(address));
  return sequence(objectId(0x55, 0x1d, 0x11), tagged(0x04, sequence(name)));
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
