import { AwsError } from '../../errors.ts';
import { readQuery } from '../codec/query-reader.ts';
import { element, namespaceText, textElement, xmlContent } from '../codec/xml-writer.ts';
import type { OperationModel } from '../operation-model.ts';
import { parseQuery, type WireRequest, type WireResponse } from '../wire.ts';
import { type InputFaultCodes, readChecked } from './input-faults.ts';
import { type ErrorContext, faultOf, type Protocol, xmlCode } from './protocol.ts';

const CONTENT_TYPE = 'text/xml';
const CODES: InputFaultCodes = { serialization: 'MalformedInput', validation: 'ValidationError' };

/** smithy.io, "AWS query protocol". */
export class AwsQueryProtocol implements Protocol {
  readonly #namespace: string | undefined;
  readonly #version: string | undefined;

  constructor(namespace: string | undefined, version: string | undefined) {
    this.#namespace = namespace;
    this.#version = version;
  }

  readInput(operation: OperationModel, request: WireRequest): Record<string, unknown> {
    const parameters = queryParameters(request, request.body as Buffer);
    const version = parameters.find(([name]) => name === 'Version')?.[1] ?? 'NO_VERSION_SPECIFIED';
    if (version !== this.#version) {
      throw new AwsError('InvalidAction', `Could not find operation ${operation.name} for version ${version}`, 400);
    }
    const members = parameters.filter(([name]) => name !== 'Action' && name !== 'Version' && !/^x-amz-/i.test(name));
    return readChecked(CODES, operation.input, () => readQuery(operation.input, members));
  }

  writeOutput(operation: OperationModel, output: unknown, requestId: string): WireResponse {
    const result = operation.output.isUnitSchema()
      ? ''
      : element(`${operation.name}Result`, xmlContent(operation.output, output ?? {}));
    const body = element(
      `${operation.name}Response`,
      result + element('ResponseMetadata', textElement('RequestId', requestId)),
      namespaceText(this.#namespace),
    );
    return { statusCode: 200, headers: headersOf(requestId), body };
  }

  writeError(error: AwsError, { model, requestId }: ErrorContext): WireResponse {
    const statusCode = model?.query?.statusCode ?? error.statusCode;
    const body = element(
      'ErrorResponse',
      element(
        'Error',
        textElement('Type', faultOf(statusCode)) +
          textElement('Code', model?.query?.code ?? xmlCode(error.code)) +
          textElement('Message', error.message),
      ) + textElement('RequestId', requestId),
      namespaceText(this.#namespace),
    );
    return { statusCode, headers: headersOf(requestId), body };
  }
}

/**
 * Parameters of the query string (GET) or of the form in the body.
 *
 * @throws AwsError `MalformedQueryString`
 */
export function queryParameters(request: { query: WireRequest['query'] }, body: Buffer): (readonly [string, string])[] {
  try {
    return [...request.query, ...parseQuery(body.toString('utf8').trim())];
  } catch {
    throw new AwsError('MalformedQueryString', 'The query string contains a syntax error.', 404);
  }
}

function headersOf(requestId: string): Record<string, string> {
  return { 'content-type': CONTENT_TYPE, 'x-amzn-requestid': requestId };
}
