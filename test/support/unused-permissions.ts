/** A grant, or several, by role, action and resource without the suffixes of a deployment. */
interface ExplainedGrant {
  readonly role: RegExp;
  readonly action: RegExp;
  readonly resource?: RegExp;
  readonly why: string;
}

/** What no end-to-end test uses, and why the role holds it all the same. */
export const UNUSED_BY_TESTS: readonly ExplainedGrant[] = [];

/** What tests have refused on purpose. */
export const EXPECTED_DENIALS: readonly ExplainedGrant[] = [];
