import { cbor } from '@smithy/core/cbor';
import type { ServiceName } from '../../api.ts';
import { AwsError } from '../../errors.ts';
import { cborWriter, jsonOfCbor } from '../codec/cbor.ts';
import { jsonReader } from '../codec/json-reader.ts';
import { ShapeError } from '../codec/shape-error.ts';
import type { OperationModel } from '../operation-model.ts';
import type { RequestHead, WireRequest, WireResponse } from '../wire.ts';
import { errorBody, queryErrorHeader } from './aws-json.ts';
import { type InputFaultCodes, readChecked } from './input-faults.ts';
import type { ErrorContext, Protocol } from './protocol.ts';

/** smithy.io, "Smithy RPC v2 CBOR protocol". */
export class RpcV2CborProtocol implements Protocol {
  readonly #codes: InputFaultCodes;

  constructor(validationCode = 'ValidationException') {
    this.#codes = { serialization: 'SerializationException', validation: validationCode };
  }

  readInput(operation: OperationModel, request: WireRequest): Record<string, unknown> {
    const read = jsonReader(operation.input);
    return readChecked(this.#codes, operation.input, () => read(jsonOfCbor(parse(request.body as Buffer))));
  }

  writeOutput(operation: OperationModel, output: unknown, requestId: string): WireResponse {
    if (operation.output.isUnitSchema()) return { statusCode: 200, headers: headersOf(requestId) };
    const body = cbor.serialize(cborWriter(operation.output)(output ?? {}));
    return { statusCode: 200, headers: withBody(requestId), body: Buffer.from(body) };
  }

  writeError(error: AwsError, { model, requestId, queryMode }: ErrorContext): WireResponse {
    const type = `${model?.namespace ?? 'com.amazon.coral.service'}#${model?.name ?? error.code}`;
    return {
      statusCode: error.statusCode,
      headers: { ...withBody(requestId), ...(queryMode ? queryErrorHeader(error, model) : {}) },
      body: Buffer.from(cbor.serialize({ __type: type, ...errorBody(error, model) })),
    };
  }
}

/** `/service/{service}/operation/{operation}`. @throws AwsError `UnknownOperationException` */
export function rpcV2Operation(service: ServiceName, target: string | undefined, head: RequestHead): string {
  const [, named, operation] = /^\/service\/([^/]+)\/operation\/([^/]+)$/.exec(head.path) ?? [];
  if (head.headers['smithy-protocol'] !== 'rpc-v2-cbor' || operation === undefined || named !== target) {
    throw new AwsError('UnknownOperationException', `the path names no operation of ${service}`, 400);
  }
  return operation;
}

/** @throws ShapeError */
function parse(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return cbor.deserialize(body);
  } catch {
    throw new ShapeError('the body is not valid CBOR');
  }
}

function headersOf(requestId: string): Record<string, string> {
  return { 'smithy-protocol': 'rpc-v2-cbor', 'x-amzn-requestid': requestId };
}

function withBody(requestId: string): Record<string, string> {
  return { ...headersOf(requestId), 'content-type': 'application/cbor' };
}
