/**
 * Builds the body of one netlink message. Numbers are in the host's byte order, as netlink wants them; podwire runs on
 * little-endian machines (x64, arm64). Attributes are padded to four bytes.
 */
export class MessageWriter {
  #bytes = Buffer.alloc(256);
  #length = 0;

  u8(value: number): this {
    this.#reserve(1);
    this.#length = this.#bytes.writeUInt8(value, this.#length);
    return this;
  }

  u16(value: number): this {
    this.#reserve(2);
    this.#length = this.#bytes.writeUInt16LE(value, this.#length);
    return this;
  }

  u32(value: number): this {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  attribute(type: number, value: Uint8Array): this {
    return this.nest(type, () => this.bytes(value));
  }

  attributeU8(type: number, value: number): this {
    return this.nest(type, () => this.u8(value));
  }

  attributeU32(type: number, value: number): this {
    return this.nest(type, () => this.u32(value));
  }

  /** Zero-terminated, as the kernel expects names and texts. */
  attributeText(type: number, value: string): this {
    return this.attribute(type, Buffer.from(`${value}\0`));
  }

  /** An attribute whose value is whatever `fill` writes. Its length is 16 bits: more than 65,531 bytes throw. */
  nest(type: number, fill: (writer: this) => unknown): this {
    const start = this.#length;
    this.u16(0).u16(type);
    fill(this);
    this.#bytes.writeUInt16LE(this.#length - start, start);
    return this.bytes(zeros.subarray(0, -this.#length & 3));
  }

  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(grown);
    this.#bytes = grown;
  }
}

const zeros = new Uint8Array(4);
