/** Attribute of a core's thing: its group, where it is not the one of its site. */
export const CORE_GROUP_ATTRIBUTE = 'coreGroup';

/**
 * Last level of the topic below a core's own address where its spool asks the cloud whether it has what was sent before:
 * published, subscribed and received by the core itself.
 */
export const ECHO_LEVEL = 'echo';

/** Group of cores that run the same with the same configuration. `name`: a site, or a group of the configuration. */
export function coreGroupName(topicRoot: string, name: string): string {
  return `${topicRoot}-cores-${name}`;
}

/**
 * Policy that the certificate of each core has besides those of devices. On a certificate, not on a group: "the policies attached to a
 * thing group apply to any thing within that group. For the policy to take effect, the clientId and the thing name must match" (AWS
 * IoT developer guide, `iot-policies`), and Greengrass is asked over HTTPS, which has no client id.
 */
export function corePolicyName(topicRoot: string, deviceType: string): string {
  return `${topicRoot}-${deviceType}`;
}
