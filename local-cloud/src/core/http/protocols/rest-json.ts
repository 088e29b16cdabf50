import type { NormalizedSchema } from '@smithy/core/schema';
import type { AwsError } from '../../errors.ts';
import { jsonReader } from '../codec/json-reader.ts';
import { jsonWriter } from '../codec/json-writer.ts';
import { ShapeError } from '../codec/shape-error.ts';
import type { OperationModel } from '../operation-model.ts';
import type { WireRequest, WireResponse } from '../wire.ts';
import { errorBody } from './aws-json.ts';
import {
  isRawPayload,
  readOutside,
  readRawPayload,
  requestBindings,
  responseDocument,
  unknownQuery,
  writeHead,
} from './http-bindings.ts';
import { type InputFaultCodes, parseJson, readChecked } from './input-faults.ts';
import type { ErrorContext, Protocol } from './protocol.ts';

const CONTENT_TYPE = 'application/json';

/** smithy.io, "AWS restJson1 protocol". */
export class RestJsonProtocol implements Protocol {
  readonly #codes: InputFaultCodes;

  constructor(validationCode = 'ValidationException') {
    this.#codes = { serialization: 'SerializationException', validation: validationCode };
  }

  readInput(operation: OperationModel, request: WireRequest): Record<string, unknown> {
    return readChecked(this.#codes, operation.input, () => readRest(operation, request));
  }

  writeOutput(operation: OperationModel, output: unknown, requestId: string): WireResponse {
    const value = (output ?? {}) as Record<string, unknown>;
    const head = writeHead(operation.output, value, operation.http?.statusCode ?? 200);
    const headers: Record<string, string> = { 'x-amzn-requestid': requestId, ...head.headers };
    const document = responseDocument(operation.output);
    if (document.payload === undefined) {
      headers['content-type'] ??= CONTENT_TYPE;
      const body = document.schema === undefined ? '{}' : JSON.stringify(jsonWriter(document.schema)(value));
      return { statusCode: head.statusCode, headers, body };
    }
    const content = value[document.payload.name];
    if (content === undefined || content === null) return { statusCode: head.statusCode, headers };
    if (isRawPayload(document.payload.schema)) {
      headers['content-type'] ??= rawContentType(document.payload.schema);
      return { statusCode: head.statusCode, headers, body: content as Buffer | string };
    }
    headers['content-type'] ??= CONTENT_TYPE;
    return { statusCode: head.statusCode, headers, body: JSON.stringify(jsonWriter(document.payload.schema)(content)) };
  }

  writeError(error: AwsError, { model, requestId }: ErrorContext): WireResponse {
    const head = model === undefined ? undefined : writeHead(model.schema, error.fields, error.statusCode);
    return {
      statusCode: error.statusCode,
      headers: {
        'content-type': CONTENT_TYPE,
        'x-amzn-requestid': requestId,
        'x-amzn-errortype': model?.name ?? error.code,
        ...head?.headers,
      },
      body: JSON.stringify(errorBody(error, model)),
    };
  }
}

function rawContentType(schema: NormalizedSchema): string {
  return schema.getMergedTraits().mediaType ?? (schema.isStringSchema() ? 'text/plain' : 'application/octet-stream');
}

function readRest(operation: OperationModel, request: WireRequest): { value: unknown; missing: boolean } {
  const extra = unknownQuery(operation, request);
  if (extra !== undefined) throw new ShapeError(`${operation.name} has no query parameter '${extra}'`);
  const bindings = requestBindings(operation);
  const input = readOutside(operation, request);
  let missing = false;
  if (bindings.payload !== undefined) {
    const { name, schema } = bindings.payload;
    if (isRawPayload(schema)) {
      const payload = readRawPayload(schema, request.body);
      if (payload !== undefined) input[name] = payload;
    } else if ((request.body as Buffer).length > 0) {
      const reading = jsonReader(schema)(parseJson(request.body as Buffer));
      input[name] = reading.value;
      missing = reading.missing;
    }
  } else if (bindings.document !== undefined) {
    const reading = jsonReader(bindings.document)(parseJson(request.body as Buffer));
    Object.assign(input, reading.value);
    missing = reading.missing;
  }
  // Required members at the top travel anywhere, so they are looked for once everything was read.
  return { value: input, missing: missing || bindings.required.some((name) => input[name] === undefined) };
}
