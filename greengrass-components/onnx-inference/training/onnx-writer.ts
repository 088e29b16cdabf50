/**
 * Writes ONNX models: the messages of onnx.proto that small models need, in the wire format of Protocol Buffers ("Encoding":
 * varints, and what is delimited by its length).
 */

/** A tensor of float32, row by row, or of int64. */
export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

export type OnnxAttribute =
  | { readonly name: string; readonly int: number }
  | { readonly name: string; readonly graph: OnnxGraph };

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: readonly OnnxAttribute[];
}

/** A tensor that goes in or out: its dimensions are numbers, or names where any number will do. */
export interface OnnxValue {
  readonly name: string;
  /** @default 'float32' */
  readonly type?: keyof typeof ELEMENT_TYPES;
  readonly dims: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** TensorProto.DataType. */
const ELEMENT_TYPES = { float32: 1, int64: 7, bool: 9 } as const;
/** AttributeProto.AttributeType. */
const ATTRIBUTE_TYPES = { int: 2, graph: 5 } as const;
const IR_VERSION = 8;
const OPSET = 13;

/** ModelProto: the same graph gives the same bytes. */
export function onnxModel(graph: OnnxGraph, producer: string): Buffer {
  const opset = Buffer.concat([text(1, ''), integer(2, OPSET)]);
  return Buffer.concat([integer(1, IR_VERSION), text(2, producer), message(7, graphBytes(graph)), message(8, opset)]);
}

/** GraphProto. */
function graphBytes({ constants, inputs, name, nodes, outputs }: OnnxGraph): Buffer {
  return Buffer.concat([
    ...nodes.map((node) => message(1, nodeBytes(node))),
    text(2, name),
    ...constants.map((tensor) => message(5, tensorBytes(tensor))),
    ...inputs.map((value) => message(11, valueBytes(value))),
    ...outputs.map((value) => message(12, valueBytes(value))),
  ]);
}

/** NodeProto. */
function nodeBytes({ attributes = [], inputs, operator, outputs }: OnnxNode): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, operator),
    ...attributes.map((attribute) => message(5, attributeBytes(attribute))),
  ]);
}

/** AttributeProto. */
function attributeBytes(attribute: OnnxAttribute): Buffer {
  const value =
    'int' in attribute
      ? [integer(3, attribute.int), integer(20, ATTRIBUTE_TYPES.int)]
      : [message(6, graphBytes(attribute.graph)), integer(20, ATTRIBUTE_TYPES.graph)];
  return Buffer.concat([text(1, attribute.name), ...value]);
}

/** TensorProto with `raw_data`, which is little-endian. */
function tensorBytes({ dims, name, values }: OnnxTensor): Buffer {
  const float = values instanceof Float32Array;
  const raw = Buffer.alloc(values.byteLength);
  if (float) values.forEach((value, at) => void raw.writeFloatLE(value, at * 4));
  else values.forEach((value, at) => void raw.writeBigInt64LE(value, at * 8));
  return Buffer.concat([
    ...dims.map((dim) => integer(1, dim)),
    integer(2, float ? ELEMENT_TYPES.float32 : ELEMENT_TYPES.int64),
    text(8, name),
    message(9, raw),
  ]);
}

/** ValueInfoProto with TypeProto.Tensor and TensorShapeProto. */
function valueBytes({ dims, name, type = 'float32' }: OnnxValue): Buffer {
  const shape = dims.map((dim) => message(1, typeof dim === 'number' ? integer(1, dim) : text(2, dim)));
  const tensor = Buffer.concat([integer(1, ELEMENT_TYPES[type]), message(2, Buffer.concat(shape))]);
  return Buffer.concat([text(1, name), message(2, message(1, tensor))]);
}

const VARINT = 0;
const DELIMITED = 2;

function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8 + VARINT), varint(value)]);
}

function text(field: number, value: string): Buffer {
  return message(field, Buffer.from(value, 'utf8'));
}

function message(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + DELIMITED), varint(bytes.length), bytes]);
}

/** @param value whole, not negative */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
