import type { CallOrigin, Permission } from './iam/authorizer.ts';
import type { Principal } from './iam/principal.ts';

/** Services of the cloud, named as their AWS SDK clients are (`@aws-sdk/client-<name>`). */
export type ServiceName =
  | 'acm'
  | 'athena'
  | 'cloudformation'
  | 'cloudwatch'
  | 'cloudwatch-logs'
  | 'dynamodb'
  | 'eventbridge'
  | 'firehose'
  | 'glue'
  | 'greengrassv2'
  | 'iam'
  | 'iot'
  | 'iot-data-plane'
  | 'iot-jobs-data-plane'
  | 'kinesis'
  | 'kms'
  | 'lambda'
  | 's3'
  | 'scheduler'
  | 'secrets-manager'
  | 'sfn'
  | 'signer'
  | 'sns'
  | 'sqs'
  | 'sts'
  | 'timestream-query'
  | 'timestream-write';

/** Wire protocols of the AWS APIs (smithy.io, "AWS protocols"). */
export type ApiProtocol = 'restJson1' | 'restXml' | 'awsJson1_0' | 'awsJson1_1' | 'awsQuery' | 'rpcV2Cbor';

export interface ApiCall extends CallOrigin {
  readonly principal: Principal;
  readonly requestId: string;
}

/**
 * One operation of an AWS API. `I` and `O` are the SDK's own request and response types
 * (`SendMessageRequest`, `SendMessageResult`).
 */
// biome-ignore lint/suspicious/noExplicitAny: a table of operations holds many input types; each operation states its own
export interface Operation<I = any, O = any> {
  /** The API's name: `SendMessage`. */
  readonly name: string;
  /** Answered on the cloud's own thread, though the rest of its service runs on another. */
  readonly here?: true;
  /** Permissions the caller needs, checked before `handle`. An empty list means that AWS checks none. */
  authorize(input: I, call: ApiCall): readonly Permission[];
  /**
   * Streaming members (S3's `Body`): over HTTPS a verified Buffer up to 8 MiB, above that a Readable that is verified
   * as it flows (length, SHA-256, chunk signatures, checksums) and fails with an AwsError at the latest before its end;
   * keep nothing of it before `end`. Inside the process whatever the caller gave. An answer may hold a Buffer, text or
   * a Readable.
   *
   * @throws AwsError
   */
  handle(input: I, call: ApiCall): O | Promise<O>;
}

export interface ServiceApi {
  readonly service: ServiceName;
  /** Service of the SigV4 credential scope. */
  readonly signingName: string;
  readonly protocol: ApiProtocol;
  /** RPC protocols that clients of other languages or ages speak beside it; the head of a request tells which. */
  readonly alsoSpeaks?: readonly ApiProtocol[];
  /** Namespace import of the SDK client, whose operation schemas (`SendMessage$`) give routes and wire format. */
  readonly schemas: Readonly<Record<string, unknown>>;
  readonly operations: readonly Operation[];
  /**
   * Where one operation's bytes are taken over whole, because a kept library answers them (DynamoDB on dynalite).
   * It runs after authentication; authorization is its own duty.
   */
  readonly passThrough?: PassThrough;
  /**
   * Where the service runs on a thread of its own: takes the bytes of the operations that are built. It runs after
   * authentication and authorizes by itself.
   */
  readonly remote?: PassThrough;
}

export interface RawRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface RawResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type PassThrough = (operation: string, request: RawRequest, call: ApiCall) => Promise<RawResponse>;

/**
 * Calls between services, inside the process: same authorization, same operation, same errors as over HTTPS,
 * without the wire. This is how a rule action sends to a queue and how a delivery stream writes an object.
 */
export interface ApiDispatcher {
  /** @throws AwsError, `NotImplemented` (501) for an operation that is not built */
  call<O>(principal: Principal, service: ServiceName, operation: string, input: object): Promise<O>;
}
