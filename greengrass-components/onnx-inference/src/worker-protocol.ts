import type { ModelManifest } from '@fleetwright/contracts';
import type { RefusalReason } from './model-refusal.ts';

/** What the thread of a model is started with. */
export interface WorkerData {
  readonly role: 'model';
  /** The runtime's WebAssembly. */
  readonly wasmFile: string;
}

export type WorkerRequest =
  | {
      readonly id: number;
      readonly kind: 'load';
      readonly bytes: Uint8Array;
      readonly tensors: ModelManifest['tensors'];
      readonly width: number;
      readonly outputs: number;
    }
  /** `rows` of the width, one after the other. */
  | { readonly id: number; readonly kind: 'run'; readonly values: Float32Array; readonly rows: number };

export type WorkerAnswer =
  | { readonly id: number; readonly ok: true; readonly values?: Float32Array }
  | { readonly id: number; readonly ok: false; readonly reason: RefusalReason | 'THREW'; readonly detail: string };
