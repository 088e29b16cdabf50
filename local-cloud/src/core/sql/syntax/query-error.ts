import { AwsError } from '../../errors.ts';

/** Place in a query string, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message, 400);
}

/** What the parser cannot read, with the place, in Timestream's words. */
export function syntaxError(at: Position, detail: string): AwsError {
  return validationError(`The query syntax is invalid at line ${at.line}:${at.column}: ${detail}`);
}

/** What is well formed and yet wrong: `line 1:8: Column 'x' does not exist`. */
export function semanticError(at: Position, message: string): AwsError {
  return validationError(`line ${at.line}:${at.column}: ${message}`);
}

/** What Timestream can do and this is not built for; never to be answered wrongly instead. */
export function notBuilt(at: Position, what: string): AwsError {
  return semanticError(at, `${what} is not implemented by the local cloud`);
}

/** A name that is no table's, with the place. */
export function missingTable(what: string, identifier: string, at: Position): AwsError {
  return validationError(`Requested ${what} not found for identifier '${identifier}' at line ${at.line}:${at.column}`);
}
