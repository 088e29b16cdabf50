import type { ApiCall, PassThrough, RawResponse } from '../../core/api.ts';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Json } from './engine.ts';
import type { WireOperation } from './wire-operation.ts';

/** Errors that belong to the protocol rather than to DynamoDB. */
const NAMESPACES: Readonly<Record<string, string>> = {
  ValidationException: 'com.amazon.coral.validate',
  SerializationException: 'com.amazon.coral.service',
  UnknownOperationException: 'com.amazon.coral.service',
  AccessDeniedException: 'com.amazon.coral.service',
};

/**
 * Requests as they come over the wire. JSON goes to dynalite and back as it is, which spares the SDK's own
 * serialization twice over.
 */
export function createPassThrough(
  context: CloudContext,
  operations: ReadonlyMap<string, WireOperation>,
  isModelled: (operation: string) => boolean,
): PassThrough {
  return async (name, request, call) => {
    try {
      const operation = operations.get(name);
      if (operation === undefined) {
        if (isModelled(name)) throw new NotImplementedError(`DynamoDB ${name}`);
        throw new AwsError('UnknownOperationException', '');
      }
      const input = parse(request.body);
      context.meter.count('api.calls');
      const authorizer = context.ports.get('authorizer');
      for (const permission of operation.authorize(input)) authorizer.authorize(call.principal, permission, call);
      return response(call, 200, await operation.run(input, call));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const namespace = NAMESPACES[error.code] ?? 'com.amazonaws.dynamodb.v20120810';
      return response(call, error.statusCode, {
        __type: `${namespace}#${error.code}`,
        message: error.message,
        ...error.fields,
      });
    }
  };
}

function parse(body: Buffer): Json {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (cause) {
    throw new AwsError('SerializationException', '', 400, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AwsError('SerializationException', '');
  return value as Json;
}

function response(call: ApiCall, statusCode: number, body: Json): RawResponse {
  const bytes = Buffer.from(JSON.stringify(body));
  return {
    statusCode,
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': String(bytes.length),
      'x-amzn-requestid': call.requestId,
    },
    body: bytes,
  };
}
