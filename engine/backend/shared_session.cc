#include "engine/backend/shared_session.h"

#include <exception>
#include <thread>

#include "engine/base/error.h"

namespace netsurf {
namespace {

class SharedSession : public Session {
 public:
  explicit SharedSession(std::vector<std::unique_ptr<Session>> sessions)
      : Session(sessions.front()->bit_space(), sessions.front()->num_samples()),
        sessions_(std::move(sessions)) {
    clean_ = sessions_.front()->clean();
    for (const auto& session : sessions_) {
      if (!(session->clean() == clean_)) {
        throw RunError("backends " + sessions_.front()->path() + " and " + session->path() +
                       " differ without faults: " + text_of(clean_) + "; " + text_of(session->clean()));
      }
    }
  }

  std::string path() const override {
    std::string text;
    for (const auto& session : sessions_) text += (text.empty() ? "" : " + ") + session->path();
    return text;
  }

  std::vector<PathEstimate> estimate(const TrialPlan& plan) override {
    std::vector<PathEstimate> estimates = sessions_.front()->estimate(plan);
    for (PathEstimate& estimate : estimates)
      estimate.seconds_per_trial /= static_cast<double>(sessions_.size());
    return estimates;
  }

 protected:
  std::vector<TrialOutcome> do_run(const TrialPlan& plan) override {
    const size_t parts = sessions_.size();
    std::vector<std::vector<TrialOutcome>> outcomes(parts);
    std::vector<std::exception_ptr> failures(parts);
    std::vector<std::thread> threads;
    for (size_t part = 0; part < parts; ++part) {
      threads.emplace_back([&, part] {
        try {
          TrialPlan mine = plan;
          mine.begin = plan.begin + (plan.end - plan.begin) * part / parts;
          mine.end = plan.begin + (plan.end - plan.begin) * (part + 1) / parts;
          outcomes[part] = sessions_[part]->run(mine);
        } catch (...) {
          failures[part] = std::current_exception();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<TrialOutcome> all;
    for (size_t part = 0; part < parts; ++part) {
      if (failures[part] != nullptr) std::rethrow_exception(failures[part]);
      all.insert(all.end(), outcomes[part].begin(), outcomes[part].end());
    }
    return all;
  }

 private:
  std::vector<std::unique_ptr<Session>> sessions_;
};

}  // namespace

std::unique_ptr<Session> make_shared_session(std::vector<std::unique_ptr<Session>> sessions) {
  return std::make_unique<SharedSession>(std::move(sessions));
}

}  // namespace netsurf
