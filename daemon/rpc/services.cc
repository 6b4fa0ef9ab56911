#include "daemon/rpc/services.h"

#include "daemon/rpc/admin_handler.h"
#include "daemon/rpc/availability_handler.h"
#include "daemon/rpc/catalogue_handler.h"
#include "daemon/rpc/comparison_handler.h"
#include "daemon/rpc/ledger_handler.h"
#include "daemon/rpc/query_handler.h"
#include "daemon/rpc/report_handler.h"
#include "daemon/rpc/seal_handler.h"
#include "nines/v1/admin.grpc.pb.h"
#include "nines/v1/availability.grpc.pb.h"
#include "nines/v1/catalogue.grpc.pb.h"
#include "nines/v1/comparison.grpc.pb.h"
#include "nines/v1/fact.grpc.pb.h"
#include "nines/v1/query.grpc.pb.h"
#include "nines/v1/report.grpc.pb.h"
#include "nines/v1/seal.grpc.pb.h"
#include "wire/status.h"

namespace nines::rpc {
namespace {

// One method of a generated service, answered by the method of the same name of `handler_`.
#define NINES_RPC_METHOD(Method)                                                                                \
  grpc::Status Method(grpc::ServerContext*, const v1::Method##Request* request, v1::Method##Response* response) \
      override {                                                                                                \
    return wire::ToGrpc(handler_.Method(*request, response));                                                   \
  }

class Availability final : public v1::AvailabilityService::Service {
 public:
  explicit Availability(AvailabilityHandler& handler) : handler_(handler) {}
  NINES_RPC_METHOD(ListTargets)
  NINES_RPC_METHOD(ListOutages)

 private:
  AvailabilityHandler& handler_;
};

class Report final : public v1::ReportService::Service {
 public:
  explicit Report(ReportHandler& handler) : handler_(handler) {}
  NINES_RPC_METHOD(GetReport)
  NINES_RPC_METHOD(ExplainAccount)
  NINES_RPC_METHOD(ExplainInstant)

 private:
  ReportHandler& handler_;
};

class Comparison final : public v1::ComparisonService::Service {
 public:
  explicit Comparison(ComparisonHandler& handler) : handler_(handler) {}
  NINES_RPC_METHOD(CompareDeclarations)

 private:
  ComparisonHandler& handler_;
};

class Seal final : public v1::SealService::Service {
 public:
  explicit Seal(SealHandler& handler) : handler_(handler) {}
  NINES_RPC_METHOD(SealPeriod)
  NINES_RPC_METHOD(ListSeals)
  NINES_RPC_METHOD(GetSealedReport)
  NINES_RPC_METHOD(GetSealKey)
  grpc::Status ExportSeal(grpc::ServerContext*, const v1::ExportSealRequest* request,
                          grpc::ServerWriter<v1::ExportSealResponse>* writer) override {
    return wire::ToGrpc(handler_.ExportSeal(
        *request, [writer](const v1::ExportSealResponse& response) { return writer->Write(response); }));
  }

 private:
  SealHandler& handler_;
};

class Ledger final : public v1::LedgerService::Service {
 public:
  explicit Ledger(LedgerHandler& handler) : handler_(handler) {}
  NINES_RPC_METHOD(RecordDeclaration)
  NINES_RPC_METHOD(RecordMaintenance)
  NINES_RPC_METHOD(RecordRuling)
  NINES_RPC_METHOD(ListFacts)

 private:
  LedgerHandler& handler_;
};

class Catalogue final : public v1::CatalogueService::Service {
 public:
  explicit Catalogue(CatalogueHandler& handler) : handler_(handler) {}
  NINES_RPC_METHOD(DiffCatalogue)
  NINES_RPC_METHOD(ApplyCatalogue)
  NINES_RPC_METHOD(ListEntries)

 private:
  CatalogueHandler& handler_;
};

class Query final : public v1::QueryService::Service {
 public:
  explicit Query(QueryHandler& handler) : handler_(handler) {}
  NINES_RPC_METHOD(QuerySeries)
  NINES_RPC_METHOD(QueryRollups)
  NINES_RPC_METHOD(ListSeries)

 private:
  QueryHandler& handler_;
};

class Admin final : public v1::AdminService::Service {
 public:
  explicit Admin(AdminHandler& handler) : handler_(handler) {}
  NINES_RPC_METHOD(Backup)
  NINES_RPC_METHOD(VerifyStorage)
  NINES_RPC_METHOD(GetVersion)

 private:
  AdminHandler& handler_;
};

#undef NINES_RPC_METHOD

}  // namespace

class Services::Impl {
 public:
  explicit Impl(const Dependencies& parts)
      : availability_handler_(parts.live, parts.reporter),
        report_handler_(parts.reporter),
        comparison_handler_(parts.reporter),
        seal_handler_(parts.sealer),
        ledger_handler_(parts.ledger, parts.catalogue, parts.ingest),
        catalogue_handler_(parts.ledger, parts.ingest),
        query_handler_(parts.store),
        admin_handler_(parts.database, parts.store, parts.ledger, parts.sealer) {
    AddUnaryMethods();
  }

  void Register(grpc::ServerBuilder& builder) {
    for (grpc::Service* service : std::initializer_list<grpc::Service*>{&availability_, &report_, &comparison_, &seal_,
                                                                        &ledger_, &catalogue_, &query_, &admin_}) {
      builder.RegisterService(service);
    }
  }
  const UnaryMethods& unary() const { return unary_; }

 private:
  void AddUnaryMethods() {
    const auto add = [this](const char* path, auto& handler, auto method) { AddUnary(path, handler, method, unary_); };
    add("/nines.v1.AvailabilityService/ListTargets", availability_handler_, &AvailabilityHandler::ListTargets);
    add("/nines.v1.AvailabilityService/ListOutages", availability_handler_, &AvailabilityHandler::ListOutages);
    add("/nines.v1.ReportService/GetReport", report_handler_, &ReportHandler::GetReport);
    add("/nines.v1.ReportService/ExplainAccount", report_handler_, &ReportHandler::ExplainAccount);
    add("/nines.v1.ReportService/ExplainInstant", report_handler_, &ReportHandler::ExplainInstant);
    add("/nines.v1.ComparisonService/CompareDeclarations", comparison_handler_,
        &ComparisonHandler::CompareDeclarations);
    add("/nines.v1.SealService/SealPeriod", seal_handler_, &SealHandler::SealPeriod);
    add("/nines.v1.SealService/ListSeals", seal_handler_, &SealHandler::ListSeals);
    add("/nines.v1.SealService/GetSealedReport", seal_handler_, &SealHandler::GetSealedReport);
    add("/nines.v1.SealService/GetSealKey", seal_handler_, &SealHandler::GetSealKey);
    add("/nines.v1.LedgerService/RecordDeclaration", ledger_handler_, &LedgerHandler::RecordDeclaration);
    add("/nines.v1.LedgerService/RecordMaintenance", ledger_handler_, &LedgerHandler::RecordMaintenance);
    add("/nines.v1.LedgerService/RecordRuling", ledger_handler_, &LedgerHandler::RecordRuling);
    add("/nines.v1.LedgerService/ListFacts", ledger_handler_, &LedgerHandler::ListFacts);
    add("/nines.v1.CatalogueService/DiffCatalogue", catalogue_handler_, &CatalogueHandler::DiffCatalogue);
    add("/nines.v1.CatalogueService/ApplyCatalogue", catalogue_handler_, &CatalogueHandler::ApplyCatalogue);
    add("/nines.v1.CatalogueService/ListEntries", catalogue_handler_, &CatalogueHandler::ListEntries);
    add("/nines.v1.QueryService/QuerySeries", query_handler_, &QueryHandler::QuerySeries);
    add("/nines.v1.QueryService/QueryRollups", query_handler_, &QueryHandler::QueryRollups);
    add("/nines.v1.QueryService/ListSeries", query_handler_, &QueryHandler::ListSeries);
    add("/nines.v1.AdminService/Backup", admin_handler_, &AdminHandler::Backup);
    add("/nines.v1.AdminService/VerifyStorage", admin_handler_, &AdminHandler::VerifyStorage);
    add("/nines.v1.AdminService/GetVersion", admin_handler_, &AdminHandler::GetVersion);
  }

  AvailabilityHandler availability_handler_;
  ReportHandler report_handler_;
  ComparisonHandler comparison_handler_;
  SealHandler seal_handler_;
  LedgerHandler ledger_handler_;
  CatalogueHandler catalogue_handler_;
  QueryHandler query_handler_;
  AdminHandler admin_handler_;

  Availability availability_{availability_handler_};
  Report report_{report_handler_};
  Comparison comparison_{comparison_handler_};
  Seal seal_{seal_handler_};
  Ledger ledger_{ledger_handler_};
  Catalogue catalogue_{catalogue_handler_};
  Query query_{query_handler_};
  Admin admin_{admin_handler_};
  UnaryMethods unary_;
};

Services::Services(const Dependencies& dependencies) : impl_(std::make_unique<Impl>(dependencies)) {}
Services::~Services() = default;

void Services::Register(grpc::ServerBuilder& builder) { impl_->Register(builder); }
const UnaryMethods& Services::unary() const { return impl_->unary(); }

}  // namespace nines::rpc
