import type { AwsError } from '../../errors.ts';
import { ShapeError } from '../codec/shape-error.ts';
import { parseXml } from '../codec/xml-parser.ts';
import { readXml } from '../codec/xml-reader.ts';
import { element, escapeXml, namespaceText, textElement, xmlElement } from '../codec/xml-writer.ts';
import type { OperationModel } from '../operation-model.ts';
import type { WireRequest, WireResponse } from '../wire.ts';
import {
  isRawPayload,
  readOutside,
  readRawPayload,
  requestBindings,
  responseDocument,
  unknownQuery,
  writeHead,
} from './http-bindings.ts';
import { type InputFaultCodes, readChecked } from './input-faults.ts';
import { type ErrorContext, type Protocol, xmlCode } from './protocol.ts';

const CONTENT_TYPE = 'application/xml';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** smithy.io, "AWS restXml protocol", without the wrapping of errors, as S3 has it. */
export class RestXmlProtocol implements Protocol {
  readonly #namespace: string | undefined;
  readonly #codes: InputFaultCodes = { serialization: 'MalformedXML', validation: 'InvalidRequest' };

  constructor(namespace: string | undefined) {
    this.#namespace = namespace;
  }

  readInput(operation: OperationModel, request: WireRequest): Record<string, unknown> {
    const outside: InputFaultCodes = { serialization: 'InvalidArgument', validation: 'InvalidRequest' };
    const input = readChecked(outside, operation.input, () => {
      const extra = unknownQuery(operation, request);
      if (extra !== undefined) throw new ShapeError(`${operation.name} has no query parameter '${extra}'`);
      return { value: readOutside(operation, request), missing: false };
    });
    const { payload, required } = requestBindings(operation);
    return readChecked(this.#codes, operation.input, () => {
      let missing = false;
      if (payload !== undefined && isRawPayload(payload.schema)) {
        const content = readRawPayload(payload.schema, request.body);
        if (content !== undefined) input[payload.name] = content;
      } else if (payload !== undefined && (request.body as Buffer).length > 0) {
        const root = parseXml((request.body as Buffer).toString('utf8'));
        const { xmlName } = payload.schema.getMergedTraits();
        const expected = xmlName ?? payload.schema.getName();
        if (root.name !== expected) throw new ShapeError(`the document must be a ${expected}, not a ${root.name}`);
        const reading = readXml(payload.schema, root);
        input[payload.name] = reading.value;
        missing = reading.missing;
      }
      return { value: input, missing: missing || required.some((name) => input[name] === undefined) };
    });
  }

  writeOutput(operation: OperationModel, output: unknown, requestId: string): WireResponse {
    const value = (output ?? {}) as Record<string, unknown>;
    const head = writeHead(operation.output, value, operation.http?.statusCode ?? 200);
    const headers: Record<string, string> = { ...requestIds(requestId), ...head.headers };
    const document = responseDocument(operation.output);
    if (document.payload !== undefined) {
      const { name, schema } = document.payload;
      const content = value[name];
      if (content === undefined || content === null) return { statusCode: head.statusCode, headers };
      if (isRawPayload(schema)) return { statusCode: head.statusCode, headers, body: content as Buffer | string };
      headers['content-type'] ??= CONTENT_TYPE;
      const tag = schema.getMergedTraits().xmlName ?? schema.getName() ?? name;
      return {
        statusCode: head.statusCode,
        headers,
        body: DECLARATION + xmlElement(tag, schema, content, this.#namespace),
      };
    }
    if (document.schema === undefined) return { statusCode: head.statusCode, headers };
    headers['content-type'] ??= CONTENT_TYPE;
    return { statusCode: head.statusCode, headers, body: DECLARATION + this.#document(operation, value) };
  }

  #document(operation: OperationModel, value: Record<string, unknown>): string {
    const tag = operation.output.getMergedTraits().xmlName ?? `${operation.name}Result`;
    if (operation.name === 'GetBucketLocation') {
      // s3UnwrappedXmlOutput: the region is the text of the root itself, and empty for us-east-1.
      return element(tag, escapeXml(String(value.LocationConstraint ?? '')), namespaceText(this.#namespace));
    }
    return xmlElement(tag, operation.output, value, this.#namespace);
  }

  writeError(error: AwsError, { requestId, method, model }: ErrorContext): WireResponse {
    const head = model === undefined ? undefined : writeHead(model.schema, error.fields, error.statusCode);
    const headers: Record<string, string> = { ...requestIds(requestId), ...head?.headers };
    if (method === 'HEAD' || error.statusCode === 304) return { statusCode: error.statusCode, headers };
    const fields = Object.entries(error.fields)
      .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
      .map(([name, value]) => textElement(name, String(value)))
      .join('');
    const body = element(
      'Error',
      textElement('Code', xmlCode(error.code)) +
        textElement('Message', error.message) +
        fields +
        textElement('RequestId', requestId) +
        textElement('HostId', hostId(requestId)),
    );
    return {
      statusCode: error.statusCode,
      headers: { ...headers, 'content-type': CONTENT_TYPE },
      body: DECLARATION + body,
    };
  }
}

function requestIds(requestId: string): Record<string, string> {
  return { 'x-amz-request-id': requestId, 'x-amz-id-2': hostId(requestId) };
}

/** S3's second identifier of a request; it means something only to AWS's own support. */
function hostId(requestId: string): string {
  return Buffer.from(`fleetwright/${requestId}`).toString('base64');
}
