import type { IotPolicyDocument } from '../device-registry/policy-size.ts';

/** Denies everything: a Deny wins over whatever the device's own policy allows. */
export const QUARANTINE_POLICY: IotPolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: 'iot:*', Resource: '*' }],
};
