import type { PolicyDocument } from '../../core/iam/policy-document.ts';
import { malformedPolicy } from '../../core/iam/policy-error.ts';

/** A policy document as the API takes it: JSON text. Its grammar is checked where it is stored. */
export function readDocument(text: string | undefined): PolicyDocument {
  try {
    return JSON.parse(text ?? '') as PolicyDocument;
  } catch {
    throw malformedPolicy('This policy contains invalid Json');
  }
}
