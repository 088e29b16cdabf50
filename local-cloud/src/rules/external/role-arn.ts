/** `arn:aws:iam::<account>:role/<path and name>` */
export const ROLE_ARN_PATTERN = /^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]+$/;
