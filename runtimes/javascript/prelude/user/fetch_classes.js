// FormData, Headers, Request and Response: undici's, as in Node; and URLPattern, which Node has since 23.
import { Response } from 'undici/lib/web/fetch/response.js'; // first: Request builds on it
import { FormData } from 'undici/lib/web/fetch/formdata.js';
import { Headers } from 'undici/lib/web/fetch/headers.js';
import { Request } from 'undici/lib/web/fetch/request.js';
import { URLPattern } from 'urlpattern-polyfill/urlpattern';
import { define } from './natives.js';

define(globalThis, { FormData, Headers, Request, Response, URLPattern });
export { Request, Response };
