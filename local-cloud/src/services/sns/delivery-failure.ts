/** A delivery that failed; a permanent failure is not tried again (developer guide, "Amazon SNS dead-letter queues"). */
export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure';
  readonly permanent: boolean;

  constructor(message: string, permanent: boolean) {
    super(message);
    this.permanent = permanent;
  }
}
