import { compilePolicy, type PolicyKind } from './compiled-policy.ts';
import type { PolicyStatement } from './policy-document.ts';

const STATEMENT: PolicyStatement = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' };
const RESOURCE = { ...STATEMENT, Principal: '*' };
const TRUST = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } };
const of = (statement: object) => ({ Version: '2012-10-17', Statement: statement });

test('a single statement and a list of statements are both policies', () => {
  expect(compilePolicy(of(STATEMENT), 'identity').statements).toHaveLength(1);
  expect(compilePolicy(of([STATEMENT, STATEMENT]), 'identity').statements).toHaveLength(2);
  expect(compilePolicy({ Statement: RESOURCE, Id: 'policy' }, 'resource').statements).toHaveLength(1);
  expect(compilePolicy(of(TRUST), 'trust').statements).toHaveLength(1);
});

// IAM user guide, "Grammar of the IAM JSON policy language" and the elements reference.
const refused: [string, PolicyKind, unknown, RegExp][] = [
  ['text', 'identity', '{}', /Syntax errors/],
  ['an unknown element', 'identity', { ...of(STATEMENT), Statements: [] }, /unknown element Statements/],
  ['an unknown version', 'identity', { Version: '2020-01-01', Statement: STATEMENT }, /valid version string/],
  ['no statement', 'identity', { Version: '2012-10-17', Statement: [] }, /no statement/],
  ['a misspelt element', 'identity', of({ ...STATEMENT, Resources: '*' }), /unknown element Resources/],
  ['another effect', 'identity', of({ ...STATEMENT, Effect: 'allow' }), /invalid effect "allow"/],
  ['no action', 'identity', of({ Effect: 'Allow', Resource: '*' }), /must contain actions/],
  ['Action and NotAction', 'identity', of({ ...STATEMENT, NotAction: '*' }), /must contain actions/],
  ['an empty list', 'identity', of({ ...STATEMENT, Action: [] }), /must contain action/],
  ['an action without service', 'identity', of({ ...STATEMENT, Action: 'SendMessage' }), /prefaced by a vendor/],
  ['no resource', 'identity', of({ Effect: 'Allow', Action: '*' }), /must contain resources/],
  [
    'a resource that is no ARN',
    'identity',
    of({ ...STATEMENT, Resource: 'queue' }),
    /Resource queue must be in ARN format/,
  ],
  ['a resource that is no text', 'identity', of({ ...STATEMENT, Resource: { Ref: 'Queue' } }), /must be text/],
  ['a principal in an identity policy', 'identity', of(RESOURCE), /should not specify a principal/],
  [
    'repeated Sids',
    'identity',
    of([
      { ...STATEMENT, Sid: 'a' },
      { ...STATEMENT, Sid: 'a' },
    ]),
    /must be unique/,
  ],
  ['a Sid with blanks', 'identity', of({ ...STATEMENT, Sid: 'a b' }), /must be alpha-numeric/],
  [
    'an unknown variable syntax',
    'identity',
    of({ ...STATEMENT, Resource: 'arn:aws:s3:::${x}' }),
    /Invalid policy variable/,
  ],
  ['no principal in a resource policy', 'resource', of(STATEMENT), /must contain principals/],
  ['an unknown kind of principal', 'resource', of({ ...STATEMENT, Principal: { Robot: '*' } }), /Invalid principal/],
  [
    'a principal with a wildcard',
    'resource',
    of({ ...STATEMENT, Principal: { AWS: 'arn:aws:iam::123456789012:role/*' } }),
    /Invalid principal/,
  ],
  ['a service that is none', 'resource', of({ ...STATEMENT, Principal: { Service: '*' } }), /Invalid principal/],
  ['Allow with NotPrincipal', 'resource', of({ ...STATEMENT, NotPrincipal: { AWS: '123456789012' } }), /NotPrincipal/],
  ['a resource in a trust policy', 'trust', of({ ...TRUST, Resource: '*' }), /prohibited field Resource/],
  [
    'a trust policy without principal',
    'trust',
    of({ Effect: 'Allow', Action: 'sts:AssumeRole' }),
    /must contain principals/,
  ],
];

test.each(refused)('refuses %s', (_title, kind, document, message) => {
  expect(() => compilePolicy(document, kind)).toThrow(message);
  expect(() => compilePolicy(document, kind)).toThrow(expect.objectContaining({ code: 'MalformedPolicyDocument' }));
});
