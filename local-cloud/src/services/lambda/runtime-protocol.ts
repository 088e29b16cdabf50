/** Messages between the cloud and `runtime/bootstrap.mjs`, on the IPC channel of a function's process. */

/** The first message to a new process. */
export interface StartMessage {
  readonly taskRoot: string;
  readonly handler: string;
  readonly runtime: string;
  readonly logFormat: 'Text' | 'JSON';
  /** Secret start of the line that ends an invocation's output. */
  readonly mark: string;
  readonly maxResponseBytes: number;
}

export interface InvokeMessage {
  /** Request id. */
  readonly id: string;
  /** JSON, as text or as UTF-8 */
  readonly event: string | Uint8Array;
  readonly remainingMilliseconds: number;
  readonly invokedFunctionArn: string;
  readonly traceId: string;
  /** JSON */
  readonly clientContext?: string | undefined;
}

/** Error object of an invocation's payload (developer guide, "Node.js function errors"). */
export interface RuntimeErrorObject {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

interface Measured {
  readonly id: string;
  readonly durationMilliseconds: number;
  readonly maxRssKilobytes: number;
}

export type RuntimeMessage =
  | { readonly type: 'ready'; readonly initMilliseconds: number }
  | { readonly type: 'initError'; readonly error: RuntimeErrorObject }
  | ({ readonly type: 'response'; readonly payload: string } & Measured)
  /** After a fatal error the process ends itself. */
  | ({ readonly type: 'error'; readonly error: RuntimeErrorObject; readonly fatal?: boolean } & Measured);
