// Sorts of numbers by radix, in place of the comparing sorts that are fast on machines with wide vectors. A number is read as an unsigned
// key of the same order, and the keys are dealt into 256 heaps by one byte after the other, the lowest first; bytes that all keys share
// are passed over. Negative floats have all their bits turned and positive ones their sign (as is well known: http://stereopsis.com/radix.html);
// a NaN, of whatever sign, is greater than everything, as NumPy wants it.
#ifndef AMPOULE_RADIX_HPP
#define AMPOULE_RADIX_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>

namespace ampoule {

// Below the first, comparing is as fast; above the second, the second array might be more than a guest may have.
constexpr size_t radix_min_length = 128, radix_max_bytes = size_t(256) << 20;

template <size_t bytes>
struct KeyOf;
template <>
struct KeyOf<2> {
    using type = uint16_t;
};
template <>
struct KeyOf<4> {
    using type = uint32_t;
};
template <>
struct KeyOf<8> {
    using type = uint64_t;
};

template <typename T>
struct Radix {
    using Key = typename KeyOf<sizeof(T)>::type;
    static constexpr Key top = Key(1) << (sizeof(Key) * 8 - 1);
    static constexpr int digits = sizeof(Key);
    using Counts = uint32_t[digits][256];

    static Key key(T value) {
        Key bits;
        memcpy(&bits, &value, sizeof bits);
        if constexpr (std::is_floating_point_v<T>) {
            Key turn = Key(0) - (bits >> (sizeof(Key) * 8 - 1));
            return value != value ? Key(-1) : bits ^ (turn | top);
        }
        return std::is_signed_v<T> ? bits ^ top : bits;
    }

    static T value(Key key) {
        T value;
        if constexpr (std::is_floating_point_v<T>) {
            Key turn = (key >> (sizeof(Key) * 8 - 1)) - Key(1);
            key ^= turn | top;
            memcpy(&value, &key, sizeof value);
            return value != value ? std::numeric_limits<T>::quiet_NaN() : value;
        }
        if (std::is_signed_v<T>) key ^= top;
        memcpy(&value, &key, sizeof value);
        return value;
    }

    static void count(Counts &counts, Key key) {
        for (int digit = 0; digit < digits; digit++) counts[digit][key >> (8 * digit) & 255]++;
    }

    // Where each heap starts; false if all n keys are in one.
    static bool starts(uint32_t (&counts)[256], size_t n) {
        uint32_t sum = 0;
        for (uint32_t &count : counts) {
            if (count == n) return false;
            uint32_t here = count;
            count = sum;
            sum += here;
        }
        return true;
    }

    // False if there is no memory for it.
    static bool sort(T *values, size_t n) {
        if (n > radix_max_bytes / sizeof(T)) return false;
        Key *other = static_cast<Key *>(malloc(n * sizeof(Key)));
        if (!other) return false;
        Key *from = reinterpret_cast<Key *>(values), *to = other;
        Counts counts = {};
        bool sorted = true;
#pragma clang loop unroll_count(2)
        for (size_t i = 0; i < n; i++) {
            Key now = key(values[i]);
            sorted &= i == 0 || from[i - 1] <= now;
            store(from + i, now);
            count(counts, now);
        }
        for (int digit = 0; digit < digits && !sorted; digit++) {
            uint32_t (&next)[256] = counts[digit];
            if (!starts(next, n)) continue;
#pragma clang loop unroll_count(4)
            for (size_t i = 0; i < n; i++) {
                Key now = load(from + i);
                store(to + next[now >> (8 * digit) & 255]++, now);
            }
            Key *last = from;
            from = to;
            to = last;
        }
        for (size_t i = 0; i < n; i++) values[i] = value(load(from + i));
        free(other);
        return true;
    }

    // The order of the values: `order` is a permutation of 0..n-1 to begin with, and among equals stays as it was.
    static bool argsort(const T *values, intptr_t *order, size_t n) {
        if (n > radix_max_bytes / 24) return false;
        return sizeof(T) <= 4 ? argsort_pairs<uint64_t>(values, order, n) : argsort_pairs<Pair>(values, order, n);
    }

private:
    // The same memory is read as keys and as values.
    static Key load(const Key *from) {
        Key key;
        memcpy(&key, from, sizeof key);
        return key;
    }
    static void store(Key *to, Key key) { memcpy(to, &key, sizeof key); }

    struct Pair {
        Key key;
        uint32_t index;
    };
    static void pair(Pair &to, Key key, uint32_t index) { to = {key, index}; }
    static void pair(uint64_t &to, Key key, uint32_t index) { to = uint64_t(key) << 32 | index; }
    static Key key_of(const Pair &pair) { return pair.key; }
    static Key key_of(uint64_t pair) { return Key(pair >> 32); }
    static uint32_t index_of(const Pair &pair) { return pair.index; }
    static uint32_t index_of(uint64_t pair) { return uint32_t(pair); }

    template <typename P>
    static bool argsort_pairs(const T *values, intptr_t *order, size_t n) {
        P *pairs = static_cast<P *>(malloc(2 * n * sizeof(P)));
        if (!pairs) return false;
        P *from = pairs, *to = pairs + n;
        Counts counts = {};
        for (size_t i = 0; i < n; i++) {
            Key now = key(values[order[i]]);
            pair(from[i], now, uint32_t(order[i]));
            count(counts, now);
        }
        for (int digit = 0; digit < digits; digit++) {
            uint32_t (&next)[256] = counts[digit];
            if (!starts(next, n)) continue;
#pragma clang loop unroll_count(4)
            for (size_t i = 0; i < n; i++) to[next[key_of(from[i]) >> (8 * digit) & 255]++] = from[i];
            P *last = from;
            from = to;
            to = last;
        }
        for (size_t i = 0; i < n; i++) order[i] = index_of(from[i]);
        free(pairs);
        return true;
    }
};

}  // namespace ampoule

#endif
