/** A middleware for Express 4 and 5. It needs nothing of Express itself. */

import { Refused } from "./refused.js";

/** Puts the claims into `req.auth`, or answers 400, 401, 403 or 503. */
export function middleware(verifier, needs) {
  return async (req, res, next) => {
    try {
      // `req.headers` keeps the first of two; this has both.
      req.auth = await verifier.authorize(req.headersDistinct.authorization, needs);
    } catch (error) {
      if (!(error instanceof Refused)) return next(error);
      const { status, headers, body } = error.answer();
      res.writeHead(status, headers).end(body);
      return undefined;
    }
    return next();
  };
}
