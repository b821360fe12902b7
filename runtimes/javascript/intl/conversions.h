/* What toLocaleString and its like of the built-in classes need of the classes of Intl. */
#ifndef INTL_CONVERSIONS_H
#define INTL_CONVERSIONS_H

#include "intl.h"

namespace intl {

/* collator.cpp: both are strings already */
JSValue locale_compare(JSContext *context, JSValueConst left, JSValueConst right, JSValueConst locales, JSValueConst options);
/* number_format.cpp: a Number or BigInt */
JSValue format_number(JSContext *context, JSValueConst number, JSValueConst locales, JSValueConst options);

/* What toLocaleString, toLocaleDateString and toLocaleTimeString are about. */
enum class DateParts { ANY, DATE, TIME };
/* date_format.cpp */
JSValue format_date(JSContext *context, double milliseconds, DateParts required, DateParts defaults, JSValueConst locales,
                    JSValueConst options);

} // namespace intl

#endif
