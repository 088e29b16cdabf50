/** Who a connection belongs to: the nucleus gave its token to this component alone. */
export interface IpcCaller {
  readonly componentName: string;
}

/** What a streaming operation writes to; a unary one never sees it. */
export interface EventSink {
  /** Sends an event. @returns false when the reader is behind: hold what can be held */
  send(shape: string, event: object): boolean;
  /** Called once, when client or connection has ended the stream. */
  onEnd(task: () => void): void;
  readonly ended: boolean;
}

/**
 * One operation of `aws.greengrass` (AWS IoT Greengrass developer guide, "Use the AWS IoT Device SDK to communicate with
 * the Greengrass nucleus"; shapes as in the SDK's `greengrasscoreipc` model).
 */
export interface IpcOperation {
  /** Without `aws.greengrass#`. */
  readonly name: string;
  /** The stream stays open for events after the response. */
  readonly streaming?: boolean;
  /**
   * Resolves with the response, which goes out before any event.
   * @throws IpcServiceError
   */
  run(request: Readonly<Record<string, unknown>>, caller: IpcCaller, events: EventSink): Promise<object>;
}

/** Errors of the service model. */
export type IpcErrorShape =
  | 'UnauthorizedError'
  | 'ServiceError'
  | 'InvalidArgumentsError'
  | 'ResourceNotFoundError'
  | 'ConflictError'
  | 'ComponentNotFoundError'
  | 'InvalidTokenError'
  | 'FailedUpdateConditionCheckError'
  | 'InvalidRecipeDirectoryPathError'
  | 'InvalidArtifactsDirectoryPathError';

/** An error that the client's SDK gives its caller as what it is. */
export class IpcServiceError extends Error {
  override readonly name = 'IpcServiceError';
  readonly shape: IpcErrorShape;
  /** Members of the shape besides the message. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(shape: IpcErrorShape, message: string, fields: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.shape = shape;
    this.fields = fields;
  }
}
