/**
 * Resource types that are taken into the stack without running: operators want them on AWS, and nothing in the data
 * path depends on them here. The command line reports them as "not run locally". Every other unknown type refuses to start.
 */
export const RECORDED_TYPES: Readonly<Record<string, string>> = {
  'AWS::Budgets::Budget': 'nothing costs money here',
  'AWS::CDK::Metadata': 'usage metadata of the CDK',
  'AWS::CloudWatch::Dashboard': 'there is no console page to draw',
};
