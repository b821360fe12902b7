// URL and URLSearchParams: Node's own, over whatwg-url's parser (node/binding_url.js).
import { installObjectURLMethods, URL, URLSearchParams } from 'internal/url';
import { define } from './natives.js';

installObjectURLMethods();
define(globalThis, { URL, URLSearchParams });

export { URL, URLSearchParams };
