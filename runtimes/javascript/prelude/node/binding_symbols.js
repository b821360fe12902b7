// internalBinding('symbols'), each under both of its names; and the class of what can be handed to another thread.
const names = ['async_id_symbol', 'handle_onclose_symbol', 'no_message_symbol', 'messaging_deserialize_symbol', 'messaging_transfer_symbol',
  'messaging_clone_symbol', 'messaging_transfer_list_symbol', 'oninit_symbol', 'owner_symbol', 'resource_symbol', 'trigger_async_id_symbol'];

export const symbols = { __proto__: null };
for (const name of names) symbols[name] = symbols[name.replace('_symbol', '')] = Symbol(name);

export class JSTransferable {}

/** What a copy refers to as it is: bytes of a Blob and the like. */
export const sharedClasses = [];

export const privateSymbols = {
  arrow_message_private_symbol: Symbol('arrow_message'), decorated_private_symbol: Symbol('decorated'),
  untransferable_object_private_symbol: Symbol('untransferable'),
};
