/** A grant, or several, by role, action and resource without the suffixes of a deployment. */
interface ExplainedGrant {
  readonly role: RegExp;
  readonly action: RegExp;
  readonly resource?: RegExp;
  readonly why: string;
}

/** What no end-to-end test uses, and why the role holds it all the same. */
export const UNUSED_BY_TESTS: readonly ExplainedGrant[] = [
  {
    role: /OtaPipelinePublisher/,
    action: /^s3:ListBucket$/,
    why: 'S3 answers 403 instead of 404 for a missing object without it (S3 API reference, GetObject); the local cloud answers 404 in any case',
  },
  {
    role: /OtaSigningMaker/,
    action: /^signer:CancelSigningProfile$/,
    why: 'a profile is canceled when its stack is deleted or signs otherwise, after the end of the tests',
  },
];

/** What tests have refused on purpose. */
export const EXPECTED_DENIALS: readonly ExplainedGrant[] = [];
