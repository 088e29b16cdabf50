import type { AwsError } from '../../errors.ts';
import type { ErrorModel, OperationModel } from '../operation-model.ts';
import type { WireRequest, WireResponse } from '../wire.ts';

/** The server's half of an AWS protocol for one service. */
export interface Protocol {
  /**
   * @throws AwsError when the request does not fit the operation's schema, or lacks a required member
   * @throws URIError, SyntaxError never: what is malformed is an AwsError
   */
  readInput(operation: OperationModel, request: WireRequest): Record<string, unknown>;
  /** @throws ShapeError when the handler's answer does not fit the schema: a fault of the cloud */
  writeOutput(operation: OperationModel, output: unknown, requestId: string): WireResponse;
  writeError(error: AwsError, context: ErrorContext): WireResponse;
}

export interface ErrorContext {
  /** The error's model, when the service has one of this name. */
  readonly model: ErrorModel | undefined;
  readonly requestId: string;
  /** HEAD requests are answered without a body. */
  readonly method: string;
  /** The caller asked for awsQuery error codes beside the JSON ones (`x-amzn-query-mode`). */
  readonly queryMode: boolean;
}

/** AWS's common errors of access (`AccessDeniedException`) have another name in the XML services. */
export function xmlCode(code: string): string {
  return code === 'AccessDeniedException' ? 'AccessDenied' : code;
}

/** Who is at fault, in AWS's words. */
export function faultOf(statusCode: number): 'Sender' | 'Receiver' {
  return statusCode >= 500 ? 'Receiver' : 'Sender';
}
