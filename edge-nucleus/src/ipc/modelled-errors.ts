import { type IpcErrorShape, IpcServiceError } from './operation.ts';

const CLI: readonly IpcErrorShape[] = ['ComponentNotFoundError', 'InvalidArgumentsError'];
const SHADOW: readonly IpcErrorShape[] = ['InvalidArgumentsError', 'ResourceNotFoundError', 'UnauthorizedError'];

/** Errors that the service model (`greengrasscoreipc` of the device SDK) gives each operation, besides `ServiceError`. */
const MODELLED: Readonly<Record<string, readonly IpcErrorShape[]>> = {
  DeferComponentUpdate: ['ResourceNotFoundError', 'InvalidArgumentsError'],
  DeleteThingShadow: SHADOW,
  GetComponentDetails: ['ResourceNotFoundError', 'InvalidArgumentsError'],
  GetConfiguration: ['ResourceNotFoundError'],
  GetSecretValue: ['UnauthorizedError', 'ResourceNotFoundError'],
  GetThingShadow: SHADOW,
  ListNamedShadowsForThing: SHADOW,
  PublishToIoTCore: ['UnauthorizedError'],
  PublishToTopic: ['UnauthorizedError'],
  RestartComponent: CLI,
  SendConfigurationValidityReport: ['InvalidArgumentsError'],
  StopComponent: CLI,
  SubscribeToComponentUpdates: ['ResourceNotFoundError'],
  SubscribeToConfigurationUpdate: ['ResourceNotFoundError'],
  SubscribeToIoTCore: ['UnauthorizedError'],
  SubscribeToTopic: ['InvalidArgumentsError', 'UnauthorizedError'],
  UpdateConfiguration: [
    'UnauthorizedError',
    'ConflictError',
    'FailedUpdateConditionCheckError',
    'InvalidArgumentsError',
  ],
  UpdateState: ['ResourceNotFoundError'],
  UpdateThingShadow: ['InvalidArgumentsError', 'ConflictError', 'UnauthorizedError'],
};

/**
 * A client throws away an error that its model does not give the operation, message and all; as a `ServiceError` it
 * arrives. Its `context` says what it is.
 */
export function asModelled(operation: string, error: IpcServiceError): IpcServiceError {
  const modelled = Object.hasOwn(MODELLED, operation) ? MODELLED[operation] : [];
  if (error.shape === 'ServiceError' || modelled?.includes(error.shape)) return error;
  return new IpcServiceError('ServiceError', error.message, { context: { error: error.shape, ...error.fields } });
}
