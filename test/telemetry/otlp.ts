/**
 * Reads the protobuf body of an OTLP trace export, as far as the tests look at it. Source of the field numbers:
 * opentelemetry-proto, trace/v1/trace.proto, common/v1/common.proto and resource/v1/resource.proto.
 */
export type Attributes = Record<string, string | number | boolean>;

export interface SpanSeen {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  startNs: bigint;
  endNs: bigint;
  attributes: Attributes;
  events: Array<{ name: string; attributes: Attributes }>;
  /** 0 unset, 1 ok, 2 error. */
  statusCode: number;
  statusMessage: string;
  resource: Attributes;
}

type Field = Buffer | bigint;
type Message = Map<number, Field[]>;

export function spansOf(body: Buffer): SpanSeen[] {
  return messages(parse(body), 1).flatMap((resourceSpans) => {
    const resource = messages(resourceSpans, 1).flatMap((one) => messages(one, 1));
    return messages(resourceSpans, 2)
      .flatMap((scopeSpans) => messages(scopeSpans, 2))
      .map((span) => ({ ...spanOf(span), resource: attributesOf(resource) }));
  });
}

function spanOf(span: Message): Omit<SpanSeen, 'resource'> {
  const status = messages(span, 15)[0] ?? new Map<number, Field[]>();
  return {
    traceId: bytes(span, 1).toString('hex'),
    spanId: bytes(span, 2).toString('hex'),
    parentSpanId: bytes(span, 4).toString('hex'),
    name: bytes(span, 5).toString(),
    kind: Number(whole(span, 6)),
    startNs: whole(span, 7),
    endNs: whole(span, 8),
    attributes: attributesOf(messages(span, 9)),
    events: messages(span, 11).map((event) => ({
      name: bytes(event, 2).toString(),
      attributes: attributesOf(messages(event, 3)),
    })),
    statusCode: Number(whole(status, 3)),
    statusMessage: bytes(status, 2).toString(),
  };
}

function attributesOf(pairs: readonly Message[]): Attributes {
  return Object.fromEntries(
    pairs.map((pair) => [bytes(pair, 1).toString(), valueOf(messages(pair, 2)[0] ?? new Map())]),
  );
}

function valueOf(value: Message): string | number | boolean {
  if (value.has(2)) return whole(value, 2) === 1n;
  if (value.has(3)) return Number(BigInt.asIntN(64, whole(value, 3)));
  if (value.has(4)) {
    const bits = Buffer.alloc(8);
    bits.writeBigUInt64LE(whole(value, 4));
    return bits.readDoubleLE();
  }
  return bytes(value, 1).toString();
}

function bytes(message: Message, field: number): Buffer {
  const value = message.get(field)?.[0];
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

function whole(message: Message, field: number): bigint {
  const value = message.get(field)?.[0];
  return typeof value === 'bigint' ? value : 0n;
}

function messages(message: Message, field: number): Message[] {
  return (message.get(field) ?? []).map((value) => parse(value as Buffer));
}

function parse(buffer: Buffer): Message {
  const message: Message = new Map();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = buffer.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    at += length;
    return buffer.subarray(at - length, at);
  };
  while (at < buffer.length) {
    const key = Number(varint());
    const value = fieldOf(key & 7, varint, take);
    message.set(key >> 3, [...(message.get(key >> 3) ?? []), value]);
  }
  return message;
}

function fieldOf(wireType: number, varint: () => bigint, take: (length: number) => Buffer): Field {
  switch (wireType) {
    case 0:
      return varint();
    case 1:
      return take(8).readBigUInt64LE();
    case 2:
      return take(Number(varint()));
    case 5:
      return BigInt(take(4).readUInt32LE());
    default:
      throw new Error(`wire type ${wireType}`);
  }
}
