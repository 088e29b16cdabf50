/** IAM JSON policy grammar, as far as it is evaluated (IAM user guide, "IAM JSON policy elements reference"). */
export interface PolicyDocument {
  Version?: '2012-10-17' | '2008-10-17';
  Id?: string;
  Statement: PolicyStatement | PolicyStatement[];
}

export interface PolicyStatement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: '*' | Record<string, string | string[]>;
  NotPrincipal?: '*' | Record<string, string | string[]>;
  Action?: string | string[];
  NotAction?: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  Condition?: Record<string, Record<string, PolicyValue | PolicyValue[]>>;
}

export type PolicyValue = string | number | boolean;

/** Values of condition keys of one request, lower-case or AWS case; keys compare without case. */
export type ConditionKeys = Readonly<Record<string, string | readonly string[] | undefined>>;
