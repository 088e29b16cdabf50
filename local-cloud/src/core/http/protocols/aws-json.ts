import type { AwsError } from '../../errors.ts';
import { jsonReader } from '../codec/json-reader.ts';
import { jsonWriter } from '../codec/json-writer.ts';
import type { ErrorModel, OperationModel } from '../operation-model.ts';
import type { WireRequest, WireResponse } from '../wire.ts';
import { type InputFaultCodes, parseJson, readChecked } from './input-faults.ts';
import { type ErrorContext, faultOf, type Protocol } from './protocol.ts';

/** Errors outside of the models, by their JSON name: what the query protocol calls them ("Common Error Types"). */
const QUERY_CODES: Readonly<Record<string, string>> = {
  AccessDeniedException: 'AccessDenied',
  InvalidParameterValueException: 'InvalidParameterValue',
  MissingRequiredParameterException: 'MissingParameter',
};

/** smithy.io, "AWS JSON 1.0 protocol" and "AWS JSON 1.1 protocol". */
export class AwsJsonProtocol implements Protocol {
  readonly #contentType: string;
  readonly #version: '1.0' | '1.1';
  readonly #codes: InputFaultCodes;

  constructor(version: '1.0' | '1.1', validationCode = 'ValidationException') {
    this.#version = version;
    this.#contentType = `application/x-amz-json-${version}`;
    this.#codes = { serialization: 'SerializationException', validation: validationCode };
  }

  readInput(operation: OperationModel, request: WireRequest): Record<string, unknown> {
    const read = jsonReader(operation.input);
    return readChecked(this.#codes, operation.input, () => read(parseJson(request.body as Buffer)));
  }

  writeOutput(operation: OperationModel, output: unknown, requestId: string): WireResponse {
    return {
      statusCode: 200,
      headers: { 'content-type': this.#contentType, 'x-amzn-requestid': requestId },
      body: JSON.stringify(jsonWriter(operation.output)(output ?? {})),
    };
  }

  writeError(error: AwsError, { model, requestId, queryMode }: ErrorContext): WireResponse {
    const headers: Record<string, string> = { 'content-type': this.#contentType, 'x-amzn-requestid': requestId };
    if (queryMode) Object.assign(headers, queryErrorHeader(error, model));
    return {
      statusCode: error.statusCode,
      headers,
      body: JSON.stringify({ __type: this.#typeOf(error, model), ...errorBody(error, model) }),
    };
  }

  #typeOf(error: AwsError, model: ErrorModel | undefined): string {
    const name = model?.name ?? error.code;
    return this.#version === '1.1' ? name : `${model?.namespace ?? 'com.amazon.coral.service'}#${name}`;
  }
}

/** "AWS JSON 1.0 protocol", awsQueryCompatible: clients that once spoke awsQuery keep their error codes. */
export function queryErrorHeader(error: AwsError, model: ErrorModel | undefined): Record<string, string> {
  const code = model?.query?.code ?? QUERY_CODES[error.code] ?? error.code;
  return { 'x-amzn-query-error': `${code};${faultOf(error.statusCode)}` };
}

/** The message, under the name that the model gives it, and the modelled members of the error. */
export function errorBody(error: AwsError, model: ErrorModel | undefined): Record<string, unknown> {
  if (model === undefined) return { message: error.message };
  const names = [...model.schema.structIterator()].map(([name]) => name);
  const messageName = names.find((name) => name.toLowerCase() === 'message') ?? 'message';
  const fields = jsonWriter(model.schema)(error.fields) as Record<string, unknown>;
  return { ...fields, [messageName]: error.message };
}
