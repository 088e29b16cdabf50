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
    role: /./,
    action: /^iot:/,
    resource: /fleetwright-dev-edge-core-\*/,
    why: 'cores are devices of one more type: what is done with devices is tested with another',
  },
  {
    role: /ArtifactsPublisher/,
    action: /^s3:GetObject$/,
    why: 'an artifact is read where it lies when a deployment finds it there already',
  },
  {
    role: /CoresTokenExchange/,
    action: /^s3:GetObject$/,
    why: 'an artifact of a component that no core of the tests has installed',
  },
  { role: /./, action: /^xray:Put/, why: "Lambda's X-Ray daemon sends the traces; here there is none" },
  {
    role: /./,
    action: /^iot:DescribeEndpoint$/,
    why: 'the local cloud names its endpoint in the environment (decision 22)',
  },
  {
    role: /./,
    action: /^logs:(CreateLogStream|PutLogEvents)$/,
    why: 'a function or stream that had nothing to log in the tests',
  },
  {
    role: /(Rule|rule|JobFailures)[A-Za-z0-9]*Role/,
    action: /^(sqs:SendMessage|cloudwatch:PutMetricData)$/,
    why: 'error actions of rules, which act when the action itself fails; job failures are counted where an account turns job events on',
  },
  {
    role: /(FleetProvisioning|Authority[a-z0-9]+)Role/,
    action: /^iot:/,
    why: 'what the managed policy AWSIoTThingsRegistration grants, held to names; which of it provisioning asks for on AWS, no page says',
  },
  {
    role: /(ClaimCredentials|CoresMembers|DeviceCredentialsGroups|Enrollment|QuarantineGroupPolicy|OtaSigning)/,
    action: /^(iot|secretsmanager|signer):/,
    why: 'custom resources: what they undo when their stack is changed or deleted, and what a half-made device needs',
  },
  {
    role: /(RawArchive|Lake[a-z]+)Role/,
    action: /^(s3|glue):/,
    why: 'what the Firehose developer guide lists for delivery to S3 and for conversion of records',
  },
  {
    role: /(FirstConnectionActivator|RegistrationRegistrar)/,
    action: /^iot:(AddThingToThingGroup|DescribeThing)$/,
    why: 'a thing that comes without the groups of its stage, site or type, or under a name that is taken',
  },
  {
    role: /RotationRotator/,
    action: /^iot:DeleteCertificate$/,
    why: 'a certificate out of use is deleted after a grace of hours',
  },
  {
    role: /CommandTracker/,
    action: /^sqs:SendMessage$/,
    why: 'the look at a deadline that is more than 15 minutes away is arranged in steps',
  },
  {
    role: /RollupsRole/,
    action: /^(s3|timestream):/,
    why: 'what the Timestream developer guide lists for scheduled queries and their error reports',
  },
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
export const EXPECTED_DENIALS: readonly ExplainedGrant[] = [
  {
    role: /DeviceCredentials/,
    action: /./,
    why: "a device asks for what is another device's, and for what no device may",
  },
  {
    role: /CoresTokenExchange/,
    action: /^s3:(GetObject|ListBucket)$/,
    why: 'a core asks for artifacts of a version that is not deployed, and for a list of all',
  },
];
