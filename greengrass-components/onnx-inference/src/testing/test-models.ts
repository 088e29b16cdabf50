import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FieldMessage,
  MODEL_MANIFEST_FILE,
  MODEL_SIGNATURES_FILE,
  type ModelManifest,
} from '@fleetwright/contracts';
import { type OnnxGraph, onnxModel } from '../../training/onnx-writer.ts';
import { manifestBytes, signManifest } from '../../training/sign-model.ts';
import type { TrustedKeys } from '../model-signatures.ts';
import { sha256 } from '../verify-model.ts';

/** A key of a test, and how it is trusted. */
export function testKey(algorithm: 'ED25519' | 'ECDSA' = 'ED25519'): { privateKey: KeyObject; trusted: TrustedKeys } {
  const { privateKey } =
    algorithm === 'ED25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { key, keyId } = signManifest(Buffer.from(''), privateKey);
  return { privateKey, trusted: { [keyId]: key } };
}

const x = { name: 'x', dims: ['rows', 1] } as const;
const y = { name: 'y', dims: ['rows', 1] } as const;

function constant(name: string, values: readonly number[], dims: readonly number[]) {
  return { name, dims, values: Float32Array.from(values) };
}

/** y = gain · x */
export function linearModel(gain = 1): Buffer {
  const nodes = [{ operator: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }];
  return model({ nodes, constants: [constant('w', [gain], [1, 1])], inputs: [x], outputs: [y] });
}

/** y = log x: NaN for what is below 0. */
export function logarithmModel(): Buffer {
  return model({
    nodes: [{ operator: 'Log', inputs: ['x'], outputs: ['y'] }],
    constants: [],
    inputs: [x],
    outputs: [y],
  });
}

/** y = table[x], of two entries: an error for what is beyond. */
export function tableModel(): Buffer {
  const nodes = [
    { operator: 'Cast', inputs: ['x'], outputs: ['index'], attributes: [{ name: 'to', int: 7 }] },
    { operator: 'Gather', inputs: ['table', 'index'], outputs: ['y'], attributes: [{ name: 'axis', int: 0 }] },
  ];
  return model({ nodes, constants: [constant('table', [0.25, 0.5], [2])], inputs: [x], outputs: [y] });
}

/** y = x, after counting to it: as slow as one likes. Takes one row. */
export function countingModel(): Buffer {
  const body: OnnxGraph = {
    name: 'body',
    nodes: [
      { operator: 'Identity', inputs: ['on'], outputs: ['on_out'] },
      { operator: 'Add', inputs: ['sum', 'one'], outputs: ['sum_out'] },
    ],
    constants: [constant('one', [1], [1, 1])],
    inputs: [
      { name: 'round', type: 'int64', dims: [] },
      { name: 'on', type: 'bool', dims: [] },
      { name: 'sum', dims: [1, 1] },
    ],
    outputs: [
      { name: 'on_out', type: 'bool', dims: [] },
      { name: 'sum_out', dims: [1, 1] },
    ],
  };
  const nodes = [
    { operator: 'Cast', inputs: ['x'], outputs: ['whole'], attributes: [{ name: 'to', int: 7 }] },
    { operator: 'Reshape', inputs: ['whole', 'shape'], outputs: ['rounds'] },
    { operator: 'Loop', inputs: ['rounds', '', 'zero'], outputs: ['y'], attributes: [{ name: 'body', graph: body }] },
  ];
  const constants = [{ name: 'shape', dims: [1], values: BigInt64Array.of(1n) }, constant('zero', [0], [1, 1])];
  return model({ nodes, constants, inputs: [{ name: 'x', dims: [1, 1] }], outputs: [{ name: 'y', dims: [1, 1] }] });
}

function model(graph: Omit<OnnxGraph, 'name'>): Buffer {
  return onnxModel({ name: 'test', ...graph }, 'test');
}

/** A manifest of a model of one number: the last vibration of ten seconds, every five. */
export function testManifest(bytes: Buffer, changes: Partial<ModelManifest> = {}): ModelManifest {
  return {
    format: 1,
    name: 'shaking',
    version: '1.0.0',
    description: 'a test',
    issuedAt: 0,
    file: { name: 'shaking.onnx', size: bytes.length, sha256: sha256(bytes) },
    window: { length: 10_000, step: 5_000, minSamples: 3, maxGap: 5_000 },
    inputs: { vibration: { series: '{subject}_vibration' } },
    features: [{ of: 'vibration', kind: 'last', offset: 0, scale: 1 }],
    tensors: { input: 'x', output: 'y', batch: true },
    outputs: [{ name: 'level', meaning: 'how much', alarm: { above: 5, clear: 4, after: 2 } }],
    test: { tolerance: 1e-4, vectors: [{ features: [1], outputs: [1] }] },
    ...changes,
  };
}

/** Puts a signed model into a directory: all of it at once, as an artifact directory appears. */
export function placeModel(directory: string, bytes: Buffer, manifest: ModelManifest, privateKey: KeyObject): void {
  const fresh = `${directory}.fresh`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const papers = manifestBytes(manifest);
  writeFileSync(join(fresh, MODEL_MANIFEST_FILE), papers);
  writeFileSync(join(fresh, MODEL_SIGNATURES_FILE), JSON.stringify(signManifest(papers, privateKey).signatures));
  writeFileSync(join(fresh, manifest.file.name), bytes);
  rmSync(directory, { recursive: true, force: true });
  renameSync(fresh, directory);
}

/** A value of `pump_1_vibration`. */
export function vibration(time: number, value: number, subject = 'pump_1'): FieldMessage {
  return {
    version: 1,
    source: 'pump-1',
    values: [{ series: `${subject}_vibration`, time, value, quality: 'good' }],
  };
}
