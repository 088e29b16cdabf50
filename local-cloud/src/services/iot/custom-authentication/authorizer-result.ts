import { messageOf } from '../../../core/errors.ts';
import { compileIotPolicy, type IotPolicy, validateIotPolicy } from '../policy-evaluation/compile-iot-policy.ts';

/** What an authorizer's function decided (developer guide, `config-custom-auth`, "Defining your Lambda function"). */
export interface AuthorizerResult {
  readonly isAuthenticated: boolean;
  readonly principalId: string;
  readonly policyDocuments: readonly string[];
  readonly policies: readonly IotPolicy[];
  readonly disconnectAfterInSeconds: number;
  readonly refreshAfterInSeconds: number;
}

/** The function answered with something else than what the guide asks for. */
export class InvalidAuthorizerResult extends Error {
  override readonly name = 'InvalidAuthorizerResult';
}

const PRINCIPAL_ID = /^[a-zA-Z0-9]{1,128}$/;
const MAX_POLICY_DOCUMENTS = 10;
const MIN_SECONDS = 300;
const MAX_SECONDS = 86_400;

/** @throws InvalidAuthorizerResult */
export function readAuthorizerResult(result: Readonly<Record<string, unknown>>): AuthorizerResult {
  const { isAuthenticated, principalId, policyDocuments } = result;
  if (typeof isAuthenticated !== 'boolean') throw invalid('isAuthenticated must be true or false');
  if (!isAuthenticated) {
    const nobody = typeof principalId === 'string' ? principalId : '';
    return {
      isAuthenticated,
      principalId: nobody,
      policyDocuments: [],
      policies: [],
      disconnectAfterInSeconds: 0,
      refreshAfterInSeconds: 0,
    };
  }
  if (typeof principalId !== 'string' || !PRINCIPAL_ID.test(principalId)) {
    throw invalid('principalId must be 1 to 128 letters and digits');
  }
  if (!Array.isArray(policyDocuments)) throw invalid('policyDocuments must be a list');
  if (policyDocuments.length > MAX_POLICY_DOCUMENTS) {
    throw invalid(`policyDocuments must hold at most ${MAX_POLICY_DOCUMENTS} documents`);
  }
  const documents = policyDocuments.map(readDocument);
  return {
    isAuthenticated,
    principalId,
    policyDocuments: documents,
    policies: documents.map(compileIotPolicy),
    disconnectAfterInSeconds: seconds('disconnectAfterInSeconds', result.disconnectAfterInSeconds),
    refreshAfterInSeconds: seconds('refreshAfterInSeconds', result.refreshAfterInSeconds),
  };
}

/** A document is an object, or its JSON text. */
function readDocument(value: unknown): string {
  const document = typeof value === 'string' ? value : JSON.stringify(value);
  if (typeof document !== 'string') throw invalid('policyDocuments must hold policy documents');
  try {
    validateIotPolicy(document);
  } catch (cause) {
    throw invalid(messageOf(cause), cause);
  }
  return document;
}

function seconds(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < MIN_SECONDS || value > MAX_SECONDS) {
    throw invalid(`${name} must be a whole number from ${MIN_SECONDS} to ${MAX_SECONDS}`);
  }
  return value;
}

function invalid(reason: string, cause?: unknown): InvalidAuthorizerResult {
  return new InvalidAuthorizerResult(reason, cause === undefined ? undefined : { cause });
}
