/* Formatters by what they were made of. ICU's are costly to make and cheap to use, and programs make the same ones again
 * and again, by toLocaleString at every call: objects of Intl that were made alike share one. What users reach for is made
 * before the snapshot (warm in intl.cpp). */
#ifndef INTL_CACHE_H
#define INTL_CACHE_H
#include <memory>
#include <string>
#include <unordered_map>

namespace intl {

template <class Made> class Cache {
  public:
    /* What `make` made for this key; `make` returns null when it fails. */
    template <class Make> std::shared_ptr<const Made> get(const std::string &key, Make make) {
        auto found = all.find(key);
        if (found != all.end()) return found->second;
        std::shared_ptr<const Made> made = make();
        if (all.size() >= MOST) all.clear();
        if (made) all.emplace(key, made);
        return made;
    }

  private:
    /* A formatter takes up to 100 KB: these stay below half of the least memory an execution is given. */
    static constexpr size_t MOST = 200;
    std::unordered_map<std::string, std::shared_ptr<const Made>> all;
};

} // namespace intl

#endif
