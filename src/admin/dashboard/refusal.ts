/** Why a request of the dashboard is not answered; the message is for whoever looks at it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly status: 400 | 401 | 403 | 404 | 405 | 503,
    message: string,
  ) {
    super(message);
  }
}
