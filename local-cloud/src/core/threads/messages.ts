import type { Account } from '../account.ts';
import type { RawRequest, ServiceName } from '../api.ts';
import type { CallOrigin, Permission } from '../iam/authorizer.ts';
import type { Principal } from '../iam/principal.ts';
import type { LogLevel } from '../log.ts';
import type { MeterName } from '../meter.ts';
import type { ResourceState } from '../resources.ts';

/** What a service's thread is started with. */
export interface ThreadSetting {
  readonly account: Account;
  readonly dataDirectory: string;
  /** Of the plugin, and of its folder in the data directory. */
  readonly name: string;
  readonly logLevel: LogLevel;
}

/** A call as it travels: the principal and where it came from. */
export interface CarriedCall extends CallOrigin {
  readonly principal: Principal;
  readonly requestId: string;
}

/** From the cloud to the thread. Those with an id are answered under it. */
export type ThreadRequest =
  | { readonly kind: 'start'; readonly id: number; readonly apiUrl: string }
  | { readonly kind: 'stop'; readonly id: number }
  | {
      readonly kind: 'wire';
      readonly id: number;
      readonly service: ServiceName;
      readonly operation: string;
      readonly call: CarriedCall;
      readonly request: CarriedRequest;
    }
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly service: ServiceName;
      readonly operation: string;
      readonly call: CarriedCall;
      readonly input: object;
    }
  | {
      readonly kind: 'resource';
      readonly id: number;
      readonly type: string;
      readonly act: 'create' | 'update' | 'delete';
      readonly properties: unknown;
      readonly previous?: unknown;
      readonly state?: ResourceState;
      readonly scope: { readonly stackName: string; readonly stackId: string; readonly logicalId: string };
    }
  | { readonly kind: 'answered'; readonly id: number; readonly outcome: Outcome };

/** A verified request; `body` has its memory to itself. */
export type CarriedRequest = Omit<RawRequest, 'body'> & { readonly body: Uint8Array };

/** An answer of the wire, ready to be sent. */
export interface CarriedResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array | string;
}

/** From the thread to the cloud. */
export type ThreadReport =
  | { readonly kind: 'answered'; readonly id: number; readonly outcome: Outcome; readonly counts?: Counts }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly message: string;
      readonly fields?: Record<string, unknown>;
    }
  | { readonly kind: 'fatal'; readonly message: string }
  /** May the caller do this? */
  | {
      readonly kind: 'authorize';
      readonly id: number;
      readonly call: CarriedCall;
      readonly permissions: readonly Permission[];
    }
  /** A call of the service to another one. */
  | {
      readonly kind: 'api';
      readonly id: number;
      readonly principal: Principal;
      readonly service: ServiceName;
      readonly operation: string;
      readonly input: object;
    };

/** What the thread has counted since its last answer. */
export type Counts = readonly (readonly [name: MeterName, by: number])[];

export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: CarriedError };

/** An error that keeps its class across threads. */
export interface CarriedError {
  readonly name: 'AwsError' | 'CloudError' | 'Error';
  readonly code: string;
  readonly message: string;
  readonly statusCode: number;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly stack: string | undefined;
}
